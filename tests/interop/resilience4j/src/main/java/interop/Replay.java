package interop;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.internal.CircuitBreakerStateMachine;
import io.github.resilience4j.core.IntervalFunction;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.ratelimiter.internal.AtomicRateLimiter;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;

/** Plays scripts from standard input, one operation a line, and prints what can be seen after each. */
public final class Replay {
  static final class HandWound extends Clock {
    long nanos = 3_600_000_000_000L;

    @Override
    public Instant instant() {
      return Instant.EPOCH.plusNanos(nanos);
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  static final class Ignored extends RuntimeException {}

  interface Player {
    String play(String[] words) throws Exception;
  }

  static final class BreakerPlayer implements Player {
    final HandWound clock = new HandWound();
    final CircuitBreaker breaker;
    int running = 0;

    BreakerPlayer(String[] w) {
      CircuitBreakerConfig config =
          CircuitBreakerConfig.custom()
              .slidingWindowType(CircuitBreakerConfig.SlidingWindowType.valueOf(w[1]))
              .slidingWindowSize(Integer.parseInt(w[2]))
              .minimumNumberOfCalls(Integer.parseInt(w[3]))
              .failureRateThreshold(Float.parseFloat(w[4]))
              .slowCallRateThreshold(Float.parseFloat(w[5]))
              .slowCallDurationThreshold(Duration.ofMillis(Long.parseLong(w[6])))
              .waitIntervalFunctionInOpenState(
                  IntervalFunction.ofExponentialBackoff(
                      Long.parseLong(w[7]), Double.parseDouble(w[8]), Long.parseLong(w[9])))
              .permittedNumberOfCallsInHalfOpenState(Integer.parseInt(w[10]))
              .ignoreExceptions(Ignored.class)
              .build();
      breaker = new CircuitBreakerStateMachine("x", config, clock);
    }

    @Override
    public String play(String[] w) {
      String note = "-";
      try {
        switch (w[0]) {
          case "advance" -> clock.nanos += Long.parseLong(w[1]);
          case "acquire" -> {
            boolean admitted = breaker.tryAcquirePermission();
            if (admitted) ++running;
            note = admitted ? "admitted" : "refused";
          }
          case "success" -> {
            if (running > 0) {
              --running;
              breaker.onSuccess(Long.parseLong(w[1]), TimeUnit.NANOSECONDS);
            }
          }
          case "error" -> {
            if (running > 0) {
              --running;
              breaker.onError(Long.parseLong(w[1]), TimeUnit.NANOSECONDS, new RuntimeException("error"));
            }
          }
          case "ignored" -> {
            if (running > 0) {
              --running;
              breaker.onError(Long.parseLong(w[1]), TimeUnit.NANOSECONDS, new Ignored());
            }
          }
          case "release" -> {
            if (running > 0) {
              --running;
              breaker.releasePermission();
            }
          }
          case "reset" -> breaker.reset();
          case "to" -> {
            switch (w[1]) {
              case "CLOSED" -> breaker.transitionToClosedState();
              case "OPEN" -> breaker.transitionToOpenState();
              case "HALF_OPEN" -> breaker.transitionToHalfOpenState();
              case "DISABLED" -> breaker.transitionToDisabledState();
              case "FORCED_OPEN" -> breaker.transitionToForcedOpenState();
              case "METRICS_ONLY" -> breaker.transitionToMetricsOnlyState();
              default -> throw new IllegalArgumentException(w[1]);
            }
          }
          default -> throw new IllegalArgumentException(w[0]);
        }
      } catch (io.github.resilience4j.circuitbreaker.IllegalStateTransitionException e) {
        note = "illegal";
      } catch (ArithmeticException e) {
        note = "-"; // a late result after DISABLED or FORCED_OPEN: its window has no room
      }
      CircuitBreaker.Metrics m = breaker.getMetrics();
      return note + " " + breaker.getState() + " " + m.getNumberOfBufferedCalls() + " " + m.getNumberOfFailedCalls()
          + " " + m.getNumberOfSlowCalls() + " " + m.getNumberOfSlowFailedCalls() + " " + m.getNumberOfNotPermittedCalls()
          + " " + Float.floatToIntBits(m.getFailureRate()) + " " + Float.floatToIntBits(m.getSlowCallRate());
    }
  }

  static final class LimiterPlayer implements Player {
    final AtomicRateLimiter limiter;
    final Field beginning;
    long nanos = 0;

    LimiterPlayer(String[] w) throws Exception {
      limiter =
          new AtomicRateLimiter(
              "x",
              RateLimiterConfig.custom()
                  .limitForPeriod(Integer.parseInt(w[1]))
                  .limitRefreshPeriod(Duration.ofMillis(Long.parseLong(w[2])))
                  .timeoutDuration(Duration.ofMillis(Long.parseLong(w[3])))
                  .build());
      beginning = AtomicRateLimiter.class.getDeclaredField("nanoTimeStart");
      beginning.setAccessible(true);
    }

    /** The limiter reads the machine's clock: it is wound by moving its beginning. */
    void wind() throws Exception {
      beginning.setLong(limiter, System.nanoTime() - nanos);
    }

    @Override
    public String play(String[] w) throws Exception {
      long wait = 0;
      switch (w[0]) {
        case "advance" -> nanos += Long.parseLong(w[1]);
        case "reserve" -> {
          wind();
          wait = limiter.reservePermission(Integer.parseInt(w[1]));
        }
        case "limit" -> {
          wind();
          limiter.changeLimitForPeriod(Integer.parseInt(w[1]));
        }
        default -> throw new IllegalArgumentException(w[0]);
      }
      wind();
      return (wait < 0 ? -1 : wait) + " " + limiter.getDetailedMetrics().getAvailablePermissions();
    }
  }

  static final class RetryPlayer implements Player {
    final Retry retry;
    Retry.AsyncContext<String> call;

    RetryPlayer(String[] w) {
      retry =
          Retry.of(
              "x",
              RetryConfig.<String>custom()
                  .maxAttempts(Integer.parseInt(w[1]))
                  .intervalFunction(
                      IntervalFunction.ofExponentialBackoff(
                          Long.parseLong(w[2]), Double.parseDouble(w[3]), Long.parseLong(w[4])))
                  .retryOnResult("bad"::equals)
                  .ignoreExceptions(Ignored.class)
                  .build());
      call = retry.asyncContext();
    }

    @Override
    public String play(String[] w) {
      long wait =
          switch (w[0]) {
            case "good", "bad" -> call.onResult(w[0]);
            case "error" -> call.onError(new RuntimeException("error"));
            case "ignored" -> call.onError(new Ignored());
            default -> throw new IllegalArgumentException(w[0]);
          };
      if (wait < 0) {
        if (w[0].equals("good") || w[0].equals("bad")) call.onComplete();
        call = retry.asyncContext();
      }
      Retry.Metrics m = retry.getMetrics();
      return wait + " " + m.getNumberOfSuccessfulCallsWithoutRetryAttempt() + " "
          + m.getNumberOfSuccessfulCallsWithRetryAttempt() + " " + m.getNumberOfFailedCallsWithoutRetryAttempt() + " "
          + m.getNumberOfFailedCallsWithRetryAttempt();
    }
  }

  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    PrintStream out = new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), false);
    Player player = null;
    for (String line; (line = in.readLine()) != null; ) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "breaker" -> player = new BreakerPlayer(words);
        case "limiter" -> player = new LimiterPlayer(words);
        case "retrying" -> player = new RetryPlayer(words);
        default -> {
          out.println(player.play(words));
          continue;
        }
      }
      out.println(words[0]);
    }
    out.flush();
  }
}

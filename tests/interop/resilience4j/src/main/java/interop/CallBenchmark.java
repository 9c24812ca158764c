package interop;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.annotations.Setup;

/** What a call pays for its circuit breaker, beside flotilla_resilience_bench. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class CallBenchmark {
  @Param({"COUNT_BASED", "TIME_BASED"})
  SlidingWindowType window;

  CircuitBreaker breaker;
  CircuitBreaker open;

  @Setup
  public void make() {
    CircuitBreakerConfig config =
        CircuitBreakerConfig.custom().slidingWindowType(window).failureRateThreshold(100).build();
    breaker = CircuitBreaker.of("x", config);
    open = CircuitBreaker.of("open", config);
    open.transitionToForcedOpenState();
  }

  @State(Scope.Thread)
  public static class Calls {
    int call = 0;
    final RuntimeException failure = new RuntimeException("503");
  }

  private void mixed(Calls calls) {
    if (!breaker.tryAcquirePermission()) return;
    if (++calls.call == 100) {
      calls.call = 0;
      breaker.onError(1000, TimeUnit.NANOSECONDS, calls.failure);
    } else {
      breaker.onSuccess(1000, TimeUnit.NANOSECONDS);
    }
  }

  @Benchmark
  @Threads(1)
  public void clockPassedIn() {
    if (breaker.tryAcquirePermission()) breaker.onSuccess(1000, TimeUnit.NANOSECONDS);
  }

  @Benchmark
  @Threads(2)
  public void clockPassedInTwoThreads() {
    if (breaker.tryAcquirePermission()) breaker.onSuccess(1000, TimeUnit.NANOSECONDS);
  }

  @Benchmark
  @Threads(1)
  public void onePercentFails(Calls calls) {
    mixed(calls);
  }

  @Benchmark
  @Threads(2)
  public void onePercentFailsTwoThreads(Calls calls) {
    mixed(calls);
  }

  @Benchmark
  @Threads(1)
  public Object ownClock() {
    return breaker.executeSupplier(() -> this);
  }

  @Benchmark
  @Threads(2)
  public Object ownClockTwoThreads() {
    return breaker.executeSupplier(() -> this);
  }

  @Benchmark
  @Threads(1)
  public boolean refused() {
    return open.tryAcquirePermission();
  }
}

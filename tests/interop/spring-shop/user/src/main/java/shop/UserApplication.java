package shop;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.jsonwebtoken.Jwts;
import io.jsonwebtoken.security.Keys;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.crypto.SecretKey;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.client.RestTemplateBuilder;
import org.springframework.cloud.client.circuitbreaker.CircuitBreakerFactory;
import org.springframework.cloud.client.loadbalancer.LoadBalanced;
import org.springframework.context.annotation.Bean;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestTemplate;
import org.springframework.web.server.ResponseStatusException;

@SpringBootApplication
public class UserApplication {
    @Bean
    @LoadBalanced
    RestTemplate balanced(RestTemplateBuilder builder) {
        return builder.build();
    }

    public static void main(String[] arguments) {
        SpringApplication.run(UserApplication.class, arguments);
    }

    public record Registration(String email, String name, String pwd) {}

    public record Login(String email, String password) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record User(String email, String name, String userId, List<Map<String, Object>> orders) {}

    public record Row(String email, String name, String userId, String encryptedPwd) {}

    @RestController
    static class Users {
        private static final ParameterizedTypeReference<List<Map<String, Object>>> ORDERS = new ParameterizedTypeReference<>() {};

        private final JdbcClient database;
        private final RestTemplate others;
        private final CircuitBreakerFactory<?, ?> breakers;
        private final BCryptPasswordEncoder passwords = new BCryptPasswordEncoder();
        private final SecretKey key;

        Users(JdbcClient database, RestTemplate others, CircuitBreakerFactory<?, ?> breakers, @Value("${token.secret}") String secret) {
            this.database = database;
            this.others = others;
            this.breakers = breakers;
            key = Keys.hmacShaKeyFor(secret.getBytes(StandardCharsets.UTF_8));
        }

        @PostMapping("/users")
        @ResponseStatus(HttpStatus.CREATED)
        User register(@RequestBody Registration wanted) {
            String id = UUID.randomUUID().toString();
            database.sql("insert into users(email, name, user_id, encrypted_pwd) values (?, ?, ?, ?)")
                    .params(wanted.email(), wanted.name(), id, passwords.encode(wanted.pwd())).update();
            return new User(wanted.email(), wanted.name(), id, null);
        }

        @PostMapping("/login")
        ResponseEntity<Void> login(@RequestBody Login login) {
            Row row = database.sql("select email, name, user_id, encrypted_pwd from users where email = ?")
                    .param(login.email()).query(Row.class).optional()
                    .filter(one -> passwords.matches(login.password(), one.encryptedPwd()))
                    .orElseThrow(() -> new ResponseStatusException(HttpStatus.UNAUTHORIZED));
            String token = Jwts.builder().subject(row.userId()).expiration(Date.from(Instant.now().plusSeconds(86_400)))
                    .signWith(key, Jwts.SIG.HS512).compact();
            return ResponseEntity.ok().header("token", token).header("userId", row.userId()).build();
        }

        @GetMapping("/users/{userId}")
        User one(@PathVariable String userId) {
            Row row = database.sql("select email, name, user_id, encrypted_pwd from users where user_id = ?")
                    .param(userId).query(Row.class).optional()
                    .orElseThrow(() -> new ResponseStatusException(HttpStatus.NOT_FOUND));
            List<Map<String, Object>> orders = breakers.create("circuitbreaker").run(
                    () -> others.exchange("http://ORDER-SERVICE/order-service/{userId}/orders", HttpMethod.GET, null, ORDERS, userId).getBody(),
                    failure -> List.of());
            return new User(row.email(), row.name(), row.userId(), orders);
        }
    }
}

package shop;

import io.jsonwebtoken.JwtException;
import io.jsonwebtoken.JwtParser;
import io.jsonwebtoken.Jwts;
import io.jsonwebtoken.security.Keys;
import java.nio.charset.StandardCharsets;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.cloud.gateway.filter.GatewayFilter;
import org.springframework.cloud.gateway.filter.factory.AbstractGatewayFilterFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;

/** Lets requests with a valid token pass. */
@Component
public class AuthorizationHeaderFilter extends AbstractGatewayFilterFactory<Object> {
    private final JwtParser parser;

    public AuthorizationHeaderFilter(@Value("${token.secret}") String secret) {
        super(Object.class);
        parser = Jwts.parser().verifyWith(Keys.hmacShaKeyFor(secret.getBytes(StandardCharsets.UTF_8))).build();
    }

    @Override
    public GatewayFilter apply(Object config) {
        return (exchange, chain) -> {
            String header = exchange.getRequest().getHeaders().getFirst(HttpHeaders.AUTHORIZATION);
            if (header != null && isValid(header)) {
                return chain.filter(exchange);
            }
            exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
            return exchange.getResponse().setComplete();
        };
    }

    private boolean isValid(String header) {
        try {
            String subject = parser.parseSignedClaims(header.replace("Bearer ", "")).getPayload().getSubject();
            return subject != null && !subject.isEmpty();
        } catch (JwtException | IllegalArgumentException e) {
            return false;
        }
    }
}

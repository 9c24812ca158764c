package shop;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.client.RestTemplateBuilder;
import org.springframework.cloud.client.loadbalancer.LoadBalanced;
import org.springframework.context.annotation.Bean;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestTemplate;

@SpringBootApplication
public class OrderApplication {
    @Bean
    @LoadBalanced
    RestTemplate balanced(RestTemplateBuilder builder) {
        return builder.build();
    }

    public static void main(String[] arguments) {
        SpringApplication.run(OrderApplication.class, arguments);
    }

    public record Wanted(String productId, int qty, int unitPrice) {}

    public record Order(String productId, int qty, int unitPrice, int totalPrice, Instant createdAt, String orderId) {}

    @RestController
    static class Orders {
        private final JdbcClient database;
        private final RestTemplate others;

        Orders(JdbcClient database, RestTemplate others) {
            this.database = database;
            this.others = others;
        }

        @GetMapping("/order-service/{userId}/orders")
        List<Order> ofUser(@PathVariable String userId) {
            return database.sql("select product_id, qty, unit_price, total_price, created_at, order_id from orders"
                            + " where user_id = ? order by id desc limit 100")
                    .param(userId).query(Order.class).list();
        }

        @PostMapping("/order-service/{userId}/orders")
        @ResponseStatus(HttpStatus.CREATED)
        Order create(@PathVariable String userId, @RequestBody Wanted wanted) {
            Order order = new Order(wanted.productId(), wanted.qty(), wanted.unitPrice(), wanted.qty() * wanted.unitPrice(),
                    Instant.now(), UUID.randomUUID().toString());
            others.postForEntity("http://CATALOG-SERVICE/catalog-service/catalogs/{productId}/reservations",
                    Map.of("orderId", order.orderId(), "qty", order.qty()), Void.class, order.productId());
            database.sql("insert into orders(user_id, product_id, order_id, qty, unit_price, total_price) values (?, ?, ?, ?, ?, ?)")
                    .params(userId, order.productId(), order.orderId(), order.qty(), order.unitPrice(), order.totalPrice()).update();
            return order;
        }
    }
}

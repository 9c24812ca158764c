package shop;

import java.time.Instant;
import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

@SpringBootApplication
@RestController
@RequestMapping("/catalog-service")
public class CatalogApplication {
    public record Product(String productId, String productName, int unitPrice, int stock, Instant createdAt) {}

    public record Reservation(String orderId, int qty) {}

    private final JdbcClient database;

    public CatalogApplication(JdbcClient database) {
        this.database = database;
    }

    @GetMapping("/catalogs")
    public List<Product> all() {
        return database.sql("select product_id, product_name, unit_price, stock, created_at from catalog order by id")
                .query(Product.class).list();
    }

    @GetMapping("/catalogs/{productId}")
    public Product one(@PathVariable String productId) {
        return database.sql("select product_id, product_name, unit_price, stock, created_at from catalog where product_id = ?")
                .param(productId).query(Product.class).optional()
                .orElseThrow(() -> new ResponseStatusException(HttpStatus.NOT_FOUND));
    }

    @PostMapping("/catalogs/{productId}/reservations")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    public void reserve(@PathVariable String productId, @RequestBody Reservation wanted) {
        int changed = database.sql("update catalog set stock = stock - ? where product_id = ? and stock >= ?")
                .params(wanted.qty(), productId, wanted.qty()).update();
        if (changed == 0) {
            throw new ResponseStatusException(HttpStatus.CONFLICT);
        }
    }

    public static void main(String[] arguments) {
        SpringApplication.run(CatalogApplication.class, arguments);
    }
}

package interop;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication
public class GatewayPeerApplication {
    public static void main(String[] arguments) {
        SpringApplication.run(GatewayPeerApplication.class, arguments);
    }
}

package interop;

import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** Says whom it finds under a name. */
@SpringBootApplication
@RestController
public class EurekaClientApplication {
    private final DiscoveryClient discovery;

    public EurekaClientApplication(DiscoveryClient discovery) {
        this.discovery = discovery;
    }

    @GetMapping("/found/{service}")
    public List<String> found(@PathVariable("service") String service) {
        return discovery.getInstances(service).stream().map(ServiceInstance::getInstanceId).sorted().toList();
    }

    public static void main(String[] arguments) {
        SpringApplication.run(EurekaClientApplication.class, arguments);
    }
}

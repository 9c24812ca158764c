#pragma once
/// The settings of a Eureka client as configuration names them, for those who bind or list them.

#include "flotilla/discovery/eureka_config.hpp"
#include "flotilla/reflect/describe.hpp"

namespace flotilla::discovery {

FLT_DESCRIBE_CONFIG(
    EurekaHealthConfig, (enabled, "Whether the registry is told DOWN when the health of this service is.")
)

FLT_DESCRIBE_CONFIG(
    EurekaTlsConfig,
    (enabled, "Whether the settings below count; without them the system's authorities are trusted."),
    (key_store, "Certificate chain and key, PEM in one file or PKCS12, for registries that ask who we are."),
    (key_store_type, "PEM or PKCS12; the file itself tells which."),
    (key_store_password, "The password of a PKCS12 store."),
    (key_password, "The password of a key in PEM."),
    (trust_store, "A PEM file with the certificates of the authorities that are trusted."),
    (trust_store_type, "PEM."),
    (trust_store_password, "Not needed: PEM has none.")
)

FLT_DESCRIBE_CONFIG(
    EurekaClientConfig,
    (enabled, "Whether there is a client at all."),
    (register_with_eureka, "Whether this service registers."),
    (fetch_registry, "Whether it reads the registry."),
    (service_url, "Comma separated addresses of registries by zone; `defaultZone` for all zones."),
    (region, "The region that this service runs in."),
    (availability_zones, "Comma separated zones by region; the own one first."),
    (prefer_same_zone_eureka, "Whether registries of the own zone are asked first."),
    (filter_only_up_instances, "Whether only instances that are UP are found."),
    (disable_delta, "Whether the whole registry is read each time."),
    (fetch_remote_regions_registry, "Comma separated regions that are read as well."),
    (registry_fetch_interval_seconds, "Time between two reads.", min(1)),
    (instance_info_replication_interval_seconds, "Time between two looks for changes to be told.", min(1)),
    (initial_instance_info_replication_interval_seconds,
     "When a service that is not ready registers all the same."),
    (eureka_server_connect_timeout_seconds, "For a connection to a registry.", min(1)),
    (eureka_server_read_timeout_seconds, "For an answer of a registry.", min(1)),
    (heartbeat_executor_exponential_back_off_bound,
     "How often the interval, at most, when renewals time out.",
     min(1)),
    (cache_refresh_executor_exponential_back_off_bound, "The same for reads.", min(1)),
    (should_unregister_on_shutdown, "Whether this service says goodbye."),
    (healthcheck, "Telling the registry how this service is."),
    (tls, "TLS towards registries."),
    (push, "Whether to listen to a registry that tells changes by itself."),
    (jitter_percent, "How much earlier than their time timers may come.", max(100)),
    (unregister_delay_seconds, "Time between the word that this service is down and its goodbye.")
)

FLT_DESCRIBE_CONFIG(
    EurekaInstanceConfig,
    (appname, "The application; spring.application.name when there is none."),
    (instance_id, "The id of this instance; host:application:port when there is none."),
    (hostname, "The name by which others reach this host."),
    (ip_address, "Its address."),
    (prefer_ip_address, "Whether to be called at the address, not the name."),
    (non_secure_port, "The port; that of the server when 0."),
    (secure_port, "The port of TLS; that of the server when 0."),
    (non_secure_port_enabled, "Whether calls without TLS are taken."),
    (secure_port_enabled, "Whether calls with TLS are taken."),
    (virtual_host_name, "Names under which this service is found besides the application, with commas."),
    (secure_virtual_host_name, "The same for TLS."),
    (app_group_name, "A group of applications that this one belongs to."),
    (asg_name, "The auto scaling group, where there is one."),
    (home_page_url_path, "Path of the home page."),
    (home_page_url, "The same as a whole address."),
    (status_page_url_path, "Path of the status page; /actuator/info when there is none."),
    (status_page_url, "The same as a whole address."),
    (health_check_url_path, "Path of the health check; /actuator/health when there is none."),
    (health_check_url, "The same as a whole address."),
    (secure_health_check_url, "The same for TLS."),
    (lease_renewal_interval_in_seconds, "Time between two heartbeats.", min(1)),
    (lease_expiration_duration_in_seconds, "How long the registry waits for one.", min(1)),
    (initial_status, "The status once this service is ready."),
    (metadata_map, "What else is known of this instance: zone, weight, and so on.")
)

}  // namespace flotilla::discovery

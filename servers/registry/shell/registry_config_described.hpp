#pragma once
/// The settings' documentation and rules, for who binds them.

#include "flotilla/reflect/describe.hpp"
#include "flotilla/registry/registry_config.hpp"

namespace flotilla::registry {

FLT_DESCRIBE_CONFIG(
    EurekaServerMetricsConfig,
    (enabled,
     "Whether instances are counted under Spring's name as well: eureka.server.instances, by application and "
     "status.")
)

FLT_DESCRIBE_CONFIG(
    EurekaServerConfig,
    (enable_self_preservation,
     "Whether nothing is evicted while fewer heartbeats come than expected: then the network is suspected."),
    (renewal_percent_threshold, "The share of the expected heartbeats that must come.", min(0.0), max(1.0)),
    (renewal_threshold_update_interval_ms,
     "How often the number of expected clients is counted anew.",
     min(1000)),
    (expected_client_renewal_interval_seconds, "How often clients are expected to renew.", min(1)),
    (eviction_interval_timer_in_ms, "How often instances that stopped renewing are evicted.", min(10)),
    (wait_time_in_ms_when_sync_empty,
     "How long reads are refused after a start that found no peer to copy from, when "
     "default-open-for-traffic-count is 0."),
    (retention_time_in_ms_in_delta_queue, "How long a change is told in delta documents.", min(1000)),
    (disable_delta, "Whether delta documents are refused."),
    (sync_when_timestamp_differs, "Whether a heartbeat is compared with the copy here."),
    (strict_lease, "Whether an instance expires one lease after its last heartbeat; Eureka waits for two."),
    (min_available_instances_for_peer_replication,
     "Peers that must be there for a good health; -1: not looked at."),
    (my_url, "The URL under which peers know this registry, when it cannot be told from host and port."),
    (peer_node_connect_timeout_ms, "How long a peer may take to connect.", min(1)),
    (peer_node_read_timeout_ms, "How long a peer may take to answer.", min(1)),
    (max_elements_in_peer_replication_pool,
     "Changes that wait for a peer at most; the oldest are dropped.",
     min(1)),
    (max_time_for_replication, "How long a change waits for a peer before it is given up.", min(1)),
    (registry_sync_retries,
     "How often the start asks peers for their registry again when none answered.",
     min(0)),
    (registry_sync_retry_wait_ms, "The pause between two such attempts.", min(1)),
    (max_instances, "Instances that are taken at most; beyond it registrations are refused with 503.", min(1)
    ),
    (remote_region_urls_with_name,
     "Registries of other regions by the region's name: their instances are shown as well."),
    (remote_region_app_whitelist,
     "Applications by region that are taken from there; `global` is for regions without an entry, and "
     "without any all are."),
    (remote_region_registry_fetch_interval, "Seconds between two reads of another region.", min(1)),
    (remote_region_connect_timeout_ms, "How long another region may take to connect.", min(1)),
    (remote_region_read_timeout_ms, "How long another region may take to answer.", min(1)),
    (disable_transparent_fallback_to_other_region,
     "Whether other regions are shown only to who asks for them by ?regions=."),
    (metrics, "Meters under Spring's names.")
)

FLT_DESCRIBE_CONFIG(
    CompatConfig,
    (v1_status, "Whether a single instance in XML shows OUT_OF_SERVICE and UNKNOWN as DOWN, as Eureka does.")
)

FLT_DESCRIBE_CONFIG(
    DashboardConfig, (enabled, "Whether the page for people is there."), (path, "Where it is.")
)

FLT_DESCRIBE_CONFIG(
    ConsulConfig,
    (http_enabled, "Whether /v1/catalog and /v1/health are answered."),
    (dns_enabled, "Whether names are answered over DNS."),
    (dns_address, "The address that DNS listens on."),
    (dns_port, "The port of DNS, UDP and TCP; 0 takes any free one."),
    (domain, "The domain of all names."),
    (alt_domain, "A second domain; none when empty."),
    (datacenter, "The data center that is named in answers."),
    (only_passing, "Whether instances that are STARTING are left out of DNS answers."),
    (ttl_seconds, "How long others may keep an answer."),
    (udp_answer_limit, "Records in an answer over UDP; the rest is to be had over TCP.", min(1))
)

}  // namespace flotilla::registry

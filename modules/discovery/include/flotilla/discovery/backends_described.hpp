#pragma once
/// The settings of Consul, DNS and ZooKeeper as configuration names them, for those who bind or list them.

#include "flotilla/discovery/consul_config.hpp"
#include "flotilla/discovery/dns_config.hpp"
#include "flotilla/discovery/zookeeper_config.hpp"
#include "flotilla/reflect/describe.hpp"

namespace flotilla::discovery {

FLT_DESCRIBE_CONFIG(
    ConsulConfig,
    (host, "Where the agent is."),
    (port, "The port of its HTTP interface."),
    (scheme, "http or https."),
    (token, "What is sent as X-Consul-Token.")
)

FLT_DESCRIBE_CONFIG(
    ConsulHeartbeatConfig,
    (enabled, "Whether we tell the agent that we are alive; otherwise it asks us."),
    (ttl, "How long it believes us.")
)

FLT_DESCRIBE_CONFIG(
    ConsulDiscoveryConfig,
    (enabled, "Whether this service registers."),
    (register_, "The same.", as("register")),
    (deregister, "Whether it says goodbye."),
    (service_name, "The name of the service; that of the application when there is none."),
    (instance_id, "Its id; application-host-port when there is none."),
    (hostname, "The name by which others reach this host."),
    (ip_address, "Its address."),
    (prefer_ip_address, "Whether to be called at the address, not the name."),
    (port, "The port; that of the server when 0."),
    (tags, "Tags of the service."),
    (metadata, "What else is known of this instance."),
    (instance_zone, "Its zone."),
    (health_check_path, "Where the agent asks; /actuator/health when there is none."),
    (health_check_url, "The same as a whole address."),
    (health_check_interval, "How often it asks."),
    (health_check_timeout, "How long it waits for an answer."),
    (health_check_critical_timeout, "After how long a dead instance is forgotten."),
    (register_health_check, "Whether it is to ask at all."),
    (heartbeat, "Heartbeats in place of questions."),
    (query_passing, "Whether only instances are found that pass their checks."),
    (default_query_tag, "Only instances with this tag are found."),
    (watch_time, "How long the agent holds a question that has no news.")
)

FLT_DESCRIBE_ENUM_KEBAB(DnsRecord, srv, address)

FLT_DESCRIBE_CONFIG(
    DnsConfig,
    (record, "srv, or address for A and AAAA."),
    (name, "What is asked for; {service} is the name of the service."),
    (server, "The address and port of the DNS server; those of the system when there is none."),
    (port, "The port of instances that are found by address."),
    (secure, "Whether instances speak TLS."),
    (refresh, "How often to ask; sooner where records live shorter.")
)

FLT_DESCRIBE_CONFIG(
    ZookeeperConfig,
    (connect_string, "Hosts and ports of the servers, with commas."),
    (session_timeout, "After how long without a word this service is taken for gone.")
)

FLT_DESCRIBE_CONFIG(
    ZookeeperDiscoveryConfig,
    (enabled, "Whether this service registers."),
    (register_, "The same.", as("register")),
    (root, "The node that services are below."),
    (instance_id, "The id of this instance; a random one when there is none."),
    (instance_host, "The name by which others reach this host."),
    (instance_port, "The port; that of the server when 0."),
    (instance_ssl_port, "The port of TLS; that of the server when 0."),
    (initial_status, "The status of the instance."),
    (metadata, "What else is known of it.")
)

}  // namespace flotilla::discovery

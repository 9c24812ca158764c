# Varnish before the gateway: a shared cache for what the shop says may be kept, and nothing else.
#   varnishd -F -f deploy/proxies/varnish.vcl -a :80 -s malloc,64m        # Debian's package varnish
vcl 4.1;

backend gateway {
    .host = "127.0.0.1";
    .port = "8000";
    .connect_timeout = 1s;
    .first_byte_timeout = 15s;
    .probe = {
        .url = "/actuator/health/readiness";
        .interval = 1s;
        .timeout = 1s;
        .window = 3;
        .threshold = 2;
        .initial = 2;
    }
}

sub vcl_recv {
    if (req.url ~ "^/+actuator") {
        return (synth(403));
    }
    # The gateway reads paths without dot segments and escapes: who hides letters so is after something.
    if (req.url ~ "(?i)^[^?]*(/(\.|%2e){1,2}(/|;|\?|$)|%(4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a]))") {
        return (synth(403));
    }
    # Services believe who the client is: what he says himself is thrown away.
    set req.http.X-Forwarded-For = client.ip;
    unset req.http.Forwarded;
    unset req.http.X-Forwarded-Proto;
    unset req.http.X-Forwarded-Host;
    unset req.http.X-Forwarded-Port;
    unset req.http.X-Forwarded-Prefix;
    # The shop knows no cookies, and they would keep the catalog from being kept. Authorization does so: rightly.
    if (req.url ~ "^/catalog-service/") {
        unset req.http.Cookie;
    }
}

sub vcl_backend_response {
    # Nothing is kept by guess. stale-while-revalidate is the grace; so is stale-if-error, while the gateway is ill.
    if (!beresp.http.Cache-Control) {
        set beresp.ttl = 0s;
        set beresp.uncacheable = true;
        return (deliver);
    }
}

sub vcl_deliver {
    if (obj.hits > 0) {
        set resp.http.X-Cache = "HIT";
    } else {
        set resp.http.X-Cache = "MISS";
    }
}

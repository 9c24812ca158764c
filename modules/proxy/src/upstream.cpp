#include "flotilla/proxy/upstream.hpp"

namespace flotilla::proxy {

Upstream::Upstream(const runtime::Endpoint& endpoint, std::string host, bool secure)
    : endpoint_(endpoint),
      host_(std::move(host)),
      authority_(host_),
      key_(secure ? "https " + endpoint.text() + " " + host_ : "http " + endpoint.text()),
      secure_(secure) {
    if (endpoint.port() != (secure ? 443 : 80)) authority_ += ":" + std::to_string(endpoint.port());
}

}  // namespace flotilla::proxy

#pragma once
// Sends calls to registries, one after the other until one will do.

#include <optional>
#include <string>

#include "eureka_calls.hpp"
#include "flotilla/discovery/eureka_config.hpp"
#include "flotilla/discovery/eureka_endpoints.hpp"
#include "flotilla/discovery/means.hpp"
#include "flotilla/eureka/applications.hpp"
#include "flotilla/http/client.hpp"

namespace flotilla::discovery {

struct EurekaAnswer {
    int status = 0;  ///< 0: nobody has given an answer that would do
    bool timed_out = false;
    std::optional<eureka::Applications> applications;  ///< of a fetch that had any
    std::string body;                                  ///< of the rest
    std::string registry;                              ///< who answered, fit to be shown
    std::string push;  ///< where it tells changes of its own accord; empty: it does not

    [[nodiscard]] bool done() const noexcept { return status != 0; }
};

/// One conversation: its calls follow each other, over one connection.
class EurekaTransport {
public:
    EurekaTransport(Means means, http::Client& client, std::vector<std::string> urls, Random random);

    Task<EurekaAnswer> perform(EurekaCall call);

    Task<Result<eureka::Applications>> decode(std::string body);

    [[nodiscard]] const EurekaEndpoints& endpoints() const noexcept { return endpoints_; }

private:
    Task<EurekaAnswer> try_one(std::string url, const EurekaCall& call);
    void note(const std::string& registry, const EurekaCall& call, const std::string& trouble);

    Means means_;
    http::Client& client_;
    EurekaEndpoints endpoints_;
    bool in_trouble_ = false;  // said already
};

/// Without user and password.
std::string shown_url(const std::string& url);

}  // namespace flotilla::discovery

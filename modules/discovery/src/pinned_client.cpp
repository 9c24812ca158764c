#include "pinned_client.hpp"

#include <set>

#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::discovery {

PinnedClient::PinnedClient(const std::vector<ServiceInstance>& listed, std::unique_ptr<RegistryClient> rest)
    : listed_(listed), rest_(std::move(rest)) {}

Snapshot PinnedClient::instances(std::string_view service) {
    Snapshot listed = listed_.instances(service);
    return !listed->instances.empty() || !rest_ ? listed : rest_->instances(service);
}

std::vector<std::string> PinnedClient::services() const {
    const auto listed = listed_.services();
    std::set<std::string> all(listed.begin(), listed.end());
    if (rest_) {
        for (std::string& name : rest_->services()) all.insert(std::move(name));
    }
    return {all.begin(), all.end()};
}

ListSubscription PinnedClient::subscribe(ListListener listener) {
    if (!rest_) return listed_.subscribe(std::move(listener));
    // The list does not change; a name on it is nobody else's.
    return rest_->subscribe([this, listener = std::move(listener)](const Snapshot& list) {
        if (listed_.instances(list->service)->instances.empty()) listener(list);
    });
}

std::string_view PinnedClient::name() const noexcept {
    return rest_ ? rest_->name() : listed_.name();
}

Result<void> PinnedClient::introduce(const SelfDescription& self) {
    if (rest_) return rest_->introduce(self);
    return {};
}

Task<> PinnedClient::run() {
    if (rest_) co_await rest_->run();
}

void PinnedClient::ready() {
    if (rest_) rest_->ready();
}

void PinnedClient::tell_status(std::string_view status) {
    if (rest_) rest_->tell_status(status);
}

Task<> PinnedClient::leave(Deadline deadline) {
    if (rest_) co_await rest_->leave(deadline);
}

Task<> PinnedClient::finish(Deadline deadline) {
    if (rest_) co_await rest_->finish(deadline);
}

std::optional<RegistryReport> PinnedClient::report() const {
    return rest_ ? rest_->report() : std::nullopt;
}

Task<Result<RegistryStatus>> PinnedClient::registry_status() {
    if (rest_) co_return co_await rest_->registry_status();
    co_return fail(Errc::unsupported, "there is no registry");
}

Task<Result<void>> PinnedClient::override_status(std::optional<std::string> status) {
    if (rest_) co_return co_await rest_->override_status(std::move(status));
    co_return fail(Errc::unsupported, "there is no registry");
}

}  // namespace flotilla::discovery

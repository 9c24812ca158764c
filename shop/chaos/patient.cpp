#include "patient.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "flotilla/http/url.hpp"
#include "flotilla/reflect/describe.hpp"

namespace flotilla::shop {

namespace {

struct Property {
    std::string name;
    std::string value;
};

FLT_DESCRIBE(Property, name, value)

/// In the course nobody is asked for one.
void show(http::ClientRequest& request, const std::string& token) {
    if (!token.empty()) request.header("Authorization", "Bearer " + token);
}

Task<Result<void>> send(http::Client& client, http::ClientRequest request) {
    const std::string what = request.description();
    const auto answer = co_await client.send(std::move(request));
    if (!answer) co_return fail(answer.error());
    if (!answer->ok()) co_return fail(Errc::refused, fmt::format("{}: {}", what, answer->status()));
    co_return Result<void>();
}

}  // namespace

Result<Patient> Patient::find(const std::string& data, const std::string& part, http::Client& client) {
    FLT_TRY(auto record, fleet::load_run_record(fleet::run_record_path(data)));
    const auto found = std::ranges::find(record.parts, part, &fleet::PartRecord::name);
    if (found == record.parts.end())
        return fail(Errc::not_found, fmt::format("{} is no part of the fleet", part));
    return Patient(std::move(*found), client);
}

Result<void> Patient::send_signal(int number) const {
    if (!record_.process.alive()) return fail(Errc::closed, fmt::format("{} does not run", record_.name));
    if (kill(record_.process.pid, number) != 0)
        return fail(Errc::refused, fmt::format("{} cannot be signalled", record_.name));
    return {};
}

std::string Patient::env_url() const {
    const auto url = http::Url::parse(record_.health);
    return fmt::format("http://{}/actuator/env", url ? url->authority() : "");
}

Task<Result<void>> Patient::set(driver::FaultFlag flag, std::string token) const {
    auto request = http::ClientRequest::post(env_url());
    show(request, token);
    request.json(Property{.name = flag.property, .value = flag.value});
    co_return co_await send(*client_, std::move(request));
}

Task<Result<void>> Patient::reset(std::string token) const {
    auto request = http::ClientRequest::delete_(env_url());
    show(request, token);
    co_return co_await send(*client_, std::move(request));
}

Task<bool> Patient::well() const {
    if (!record_.process.alive()) co_return false;
    auto request = http::ClientRequest::get(record_.health);
    const auto answer = co_await client_->send(std::move(request));
    co_return answer && answer->ok();
}

}  // namespace flotilla::shop

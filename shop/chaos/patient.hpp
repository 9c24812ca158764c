#pragma once
/// One part of a running fleet: what is done to it, and whether it is well again.

#include <string>

#include "flotilla/base/result.hpp"
#include "flotilla/fleet/run_record.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/shop/driver/fault_plan.hpp"

namespace flotilla::shop {

class Patient {
public:
    /// Finds the part in the fleet's record, as it runs now.
    static Result<Patient> find(const std::string& data, const std::string& part, http::Client& client);

    [[nodiscard]] const fleet::ProcessId& process() const noexcept { return record_.process; }

    /// An error when the process is gone already.
    Result<void> send_signal(int number) const;

    /// Sets a property through `POST /actuator/env`, as who has the token; it wants
    /// `management.endpoint.env.post.enabled=true`.
    Task<Result<void>> set(driver::FaultFlag flag, std::string token) const;
    /// Takes back what was set.
    Task<Result<void>> reset(std::string token) const;

    /// Its health URL answers 2xx.
    [[nodiscard]] Task<bool> well() const;

private:
    Patient(fleet::PartRecord record, http::Client& client) : record_(std::move(record)), client_(&client) {}

    /// `http://127.0.0.1:40001/actuator/env`
    [[nodiscard]] std::string env_url() const;

    fleet::PartRecord record_;
    http::Client* client_;
};

}  // namespace flotilla::shop

#pragma once
/// The pages for people, as HTML: what is registered, how the registry is, and what came and went.

#include <string>
#include <utility>
#include <vector>

#include "flotilla/registry/instance_registry.hpp"

namespace flotilla::registry {

/// Everything that the page shows.
struct DashboardModel {
    std::string environment = "test";
    std::string data_center = "default";
    WallTime now;
    Duration uptime{};
    RenewalFigures figures;
    bool past_start = false;  ///< long enough after the start for missing heartbeats to mean something
    std::vector<std::pair<std::string, bool>> peers = {};  ///< URL, and whether it answers
    std::vector<std::shared_ptr<const eureka::Application>> applications = {};
    std::vector<std::pair<std::string, std::string>> general = {};
    std::vector<std::pair<std::string, std::string>> instance = {};
    std::string last_path = "/lastn";
};

std::string dashboard_page(const DashboardModel& model);
std::string history_page(
    const std::vector<HistoryEntry>& cancelled, const std::vector<HistoryEntry>& enrolled
);

/// `01:07`, `3 days 01:07`
std::string uptime_text(Duration uptime);

}  // namespace flotilla::registry

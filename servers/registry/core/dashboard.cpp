#include "flotilla/registry/dashboard.hpp"

#include <fmt/format.h>

#include <map>

#include "flotilla/base/html.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/base/units.hpp"

namespace flotilla::registry {

namespace {

constexpr std::string_view page_start = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Eureka</title><meta name="viewport" content="width=device-width">
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 0 auto; max-width: 1100px; padding: 1em; color: #24292f }
h1 { font-size: 1.2em } table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #d0d7de; padding: .35em .6em; text-align: left; vertical-align: top }
.bad { color: #cf222e; font-weight: 600 } .down { color: #cf222e } .note { color: #9a6700 }
</style></head><body>
)";
constexpr std::string_view page_end = "</body></html>\n";

using Pairs = std::vector<std::pair<std::string, std::string>>;

void append_pairs(std::string& html, std::string_view title, const Pairs& pairs) {
    html += fmt::format("<h1>{}</h1><table><tr><th>Name</th><th>Value</th></tr>\n", title);
    for (const auto& [name, value] : pairs)
        html += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", html_escaped(name), html_escaped(value));
    html += "</table>\n";
}

std::string warning(const DashboardModel& model) {
    const RenewalFigures& figures = model.figures;
    const std::string numbers = fmt::format(
        "{} heartbeats came in the last minute, more than {} are expected of {} clients.",
        figures.renewals_last_minute,
        figures.threshold,
        figures.expected_clients
    );
    if (model.past_start && figures.renewals_last_minute <= figures.threshold) {
        if (figures.self_preservation_enabled)
            return "<p class=\"bad\">EMERGENCY! EUREKA MAY BE INCORRECTLY CLAIMING INSTANCES ARE UP WHEN "
                   "THEY'RE NOT. "
                   "RENEWALS ARE LESSER THAN THRESHOLD AND HENCE THE INSTANCES ARE NOT BEING EXPIRED JUST TO "
                   "BE SAFE. " +
                   numbers + "</p>\n";
        return "<p class=\"bad\">RENEWALS ARE LESSER THAN THE THRESHOLD. THE SELF PRESERVATION MODE IS "
               "TURNED OFF. "
               "THIS MAY NOT PROTECT INSTANCE EXPIRY IN CASE OF NETWORK/OTHER PROBLEMS. " +
               numbers + "</p>\n";
    }
    if (!figures.self_preservation_enabled)
        return "<p class=\"note\">THE SELF PRESERVATION MODE IS TURNED OFF. THIS MAY NOT PROTECT INSTANCE "
               "EXPIRY IN CASE "
               "OF NETWORK/OTHER PROBLEMS.</p>\n";
    return {};
}

std::string instance_link(const InstanceInfo& instance) {
    const std::string id = html_escaped(instance.id());
    const auto& page = instance.status_page_url;
    if (!page || !page->starts_with("http")) return id;
    return fmt::format("<a href=\"{}\" rel=\"noreferrer\">{}</a>", html_escaped(*page), id);
}

void append_application(std::string& html, const eureka::Application& application) {
    std::map<std::string, std::size_t> zones;
    std::map<std::string_view, std::vector<const InstanceInfo*>> by_status;
    for (const auto& instance : application.instances) {
        const std::string_view zone = instance->zone();
        ++zones[zone.empty() ? "n/a" : std::string(zone)];
        by_status[eureka::to_text(instance->status)].push_back(instance.get());
    }
    std::string zone_text;
    for (const auto& [zone, count] : zones)
        zone_text += fmt::format("{}{} ({})", zone_text.empty() ? "" : ", ", html_escaped(zone), count);
    std::string status_text;
    for (const auto& [status, instances] : by_status) {
        if (!status_text.empty()) status_text += "<br>";
        const bool up = status == "UP";
        status_text +=
            fmt::format("<b{}>{}</b> ({}) - ", up ? "" : " class=\"down\"", status, instances.size());
        for (std::size_t i = 0; i < instances.size(); ++i)
            status_text += (i == 0 ? "" : ", ") + instance_link(*instances[i]);
    }
    html += fmt::format(
        "<tr><td><b>{}</b></td><td>n/a ({})</td><td>{}</td><td>{}</td></tr>\n",
        html_escaped(application.name),
        application.instances.size(),
        zone_text,
        status_text
    );
}

Pairs system_status(const DashboardModel& model) {
    const RenewalFigures& figures = model.figures;
    return {
        {"Environment", model.environment},
        {"Data center", model.data_center},
        {"Current time", format_iso_millis(model.now)},
        {"Uptime", uptime_text(model.uptime)},
        {"Lease expiration enabled", figures.lease_expiration_enabled ? "true" : "false"},
        {"Renews threshold", std::to_string(figures.threshold)},
        {"Renews (last min)", std::to_string(figures.renewals_last_minute)}
    };
}

void append_history(std::string& html, std::string_view title, const std::vector<HistoryEntry>& entries) {
    html += fmt::format("<h1>{}</h1><table><tr><th>Timestamp</th><th>Lease</th></tr>\n", title);
    for (const HistoryEntry& entry : entries) {
        const WallTime at{std::chrono::milliseconds(entry.wall_ms)};
        html +=
            fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", format_iso_millis(at), html_escaped(entry.text));
    }
    if (entries.empty()) html += "<tr><td colspan=\"2\">No results available</td></tr>\n";
    html += "</table>\n";
}

}  // namespace

std::string uptime_text(Duration uptime) {
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(uptime).count();
    const auto days = minutes / (24 * 60);
    const std::string clock = fmt::format("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
    return days == 0 ? clock : fmt::format("{} days {}", days, clock);
}

std::string dashboard_page(const DashboardModel& model) {
    std::string html(page_start);
    append_pairs(html, "System Status", system_status(model));
    html += warning(model);
    html += "<h1>DS Replicas</h1><ul>\n";
    for (const auto& [url, available] : model.peers)
        html += fmt::format(
            "<li><a href=\"{0}\" rel=\"noreferrer\">{0}</a>{1}</li>\n",
            html_escaped(url),
            available ? "" : " <span class=\"down\">(does not answer)</span>"
        );
    html +=
        "</ul>\n<h1>Instances currently registered with Eureka</h1>\n"
        "<table><tr><th>Application</th><th>AMIs</th><th>Availability Zones</th><th>Status</th></tr>\n";
    for (const auto& application : model.applications) append_application(html, *application);
    if (model.applications.empty()) html += "<tr><td colspan=\"4\">No instances available</td></tr>\n";
    html += "</table>\n";
    append_pairs(html, "General Info", model.general);
    append_pairs(html, "Instance Info", model.instance);
    html += fmt::format("<p><a href=\"{}\">Last 1000 since startup</a></p>\n", html_escaped(model.last_path));
    html += page_end;
    return html;
}

std::string history_page(
    const std::vector<HistoryEntry>& cancelled, const std::vector<HistoryEntry>& enrolled
) {
    std::string html(page_start);
    append_history(html, "Last 1000 cancelled leases", cancelled);
    append_history(html, "Last 1000 newly registered leases", enrolled);
    html += page_end;
    return html;
}

}  // namespace flotilla::registry

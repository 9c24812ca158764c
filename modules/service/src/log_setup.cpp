#include "log_setup.hpp"

#include "flotilla/base/text.hpp"

namespace flotilla::service {

Levels levels_of(const LoggingProperties& properties) {
    Levels levels{{"ROOT", log::Level::info}};
    for (const auto& [name, level] : properties.level) levels[iequals(name, "root") ? "ROOT" : name] = level;
    return levels;
}

Result<std::unique_ptr<log::LogSystem>> make_log(
    const LoggingProperties& properties, std::string service, const Clock& clock
) {
    log::LogOptions options{.service = std::move(service), .levels = levels_of(properties)};
    for (const auto& [name, members] : properties.group) options.groups[name] = members;

    log::Style style;
    style.format = properties.format == LogFormat::json ? log::Format::json : log::Format::console;
    style.legacy_correlation = properties.correlation.legacy;
    std::vector<std::unique_ptr<log::Sink>> sinks;
    sinks.push_back(log::console_sink(style));
    if (!properties.file.name.empty()) {
        const RollingProperties& rolling = properties.logback.rollingpolicy;
        FLT_TRY(
            auto file,
            log::file_sink(
                {.name = properties.file.name,
                 .max_size = rolling.max_file_size,
                 .max_history = rolling.max_history},
                style
            )
        );
        sinks.push_back(std::move(file));
    }
    return std::make_unique<log::LogSystem>(std::move(options), std::move(sinks), clock);
}

void change_levels(log::LogSystem& log, const Levels& before, const Levels& after) {
    for (const auto& [name, level] : after) {
        const auto former = before.find(name);
        if (former == before.end() || former->second != level) log.set_level(name, level);
    }
    for (const auto& [name, level] : before) {
        if (!after.contains(name)) (void)log.clear_level(name);
    }
}

}  // namespace flotilla::service

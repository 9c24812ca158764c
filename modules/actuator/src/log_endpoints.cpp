#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>
#include <utility>

#include "flotilla/actuator/endpoints.hpp"
#include "flotilla/http/conditional.hpp"

namespace flotilla::actuator {

namespace {

Json level_json(log::Level level) {
    return log::to_string(level);
}

Json logger_json(const log::LoggerState& logger) {
    Json json = Json::object();
    if (logger.configured) json.set("configuredLevel", level_json(*logger.configured));
    json.set("effectiveLevel", level_json(logger.effective));
    return json;
}

Json group_json(const log::GroupState& group) {
    Json json = Json::object();
    if (group.configured) json.set("configuredLevel", level_json(*group.configured));
    json.set("members", group.members);
    return json;
}

Answer all_loggers(const log::LogSystem& log) {
    Json levels = Json::array();
    for (const auto level : log::all_levels) levels.push_back(level_json(level));
    Json loggers = Json::object();
    for (const auto& logger : log.loggers()) loggers.set(logger.name, logger_json(logger));
    Json groups = Json::object();
    for (const auto& group : log.groups()) groups.set(group.name, group_json(group));
    return Answer::of(Json::object(
        {{"levels", std::move(levels)}, {"loggers", std::move(loggers)}, {"groups", std::move(groups)}}
    ));
}

Answer one_logger(const log::LogSystem& log, const Call& call) {
    const std::string& name = call.selector("name");
    if (const auto group = log.find_group(name)) return Answer::of(group_json(*group));
    if (const auto logger = log.find_logger(name)) return Answer::of(logger_json(*logger));
    return Answer::none();
}

Answer set_level(log::LogSystem& log, const Call& call) {
    const Json wanted = call.parameter("configuredLevel");
    const std::string& name = call.selector("name");
    if (wanted.is_null() || wanted == Json("")) {
        const auto cleared = log.clear_level(name);
        return cleared ? Answer::none() : Answer::bad_request(cleared.error().message());
    }
    const std::string* text = wanted.as_string();
    const auto level = text ? log::parse_level(*text) : std::nullopt;
    if (!level) return Answer::bad_request(fmt::format("No log level {}", wanted.text()));
    log.set_level(name, *level);
    return Answer::none();
}

/// Reads a part of a file that may grow meanwhile.
std::string read_part(std::ifstream& in, std::uint64_t first, std::uint64_t size) {
    std::string text(size, '\0');
    in.seekg(static_cast<std::streamoff>(first));
    in.read(text.data(), static_cast<std::streamsize>(size));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

Answer read_log_file(const std::string& file, const Call& call) {
    std::ifstream in(file, std::ios::binary);
    struct stat info{};
    if (file.empty() || !in || stat(file.c_str(), &info) != 0)
        return Answer::failure(http::Status::not_found, "No log file");
    const auto size = static_cast<std::uint64_t>(info.st_size);
    constexpr const char* type = "text/plain;charset=UTF-8";
    const http::RangeChoice choice =
        call.range.empty() ? http::RangeChoice() : http::parse_range(call.range, size, 1);
    Answer answer;
    switch (choice.kind) {
        case http::RangeChoice::Kind::unsatisfiable:
            answer = Answer::empty(http::Status::range_not_satisfiable);
            answer.headers.emplace_back("Content-Range", http::unsatisfied_content_range(size));
            break;
        case http::RangeChoice::Kind::partial: {
            const http::ByteRange range = choice.ranges.front();
            answer = Answer::text(type, read_part(in, range.first, range.size()));
            answer.status = http::Status::partial_content;
            answer.headers.emplace_back("Content-Range", http::content_range(range, size));
            break;
        }
        case http::RangeChoice::Kind::whole:
            answer = Answer::text(type, read_part(in, 0, size));
            break;
    }
    answer.headers.emplace_back("Accept-Ranges", "bytes");
    return answer;
}

}  // namespace

Endpoint loggers_endpoint(log::LogSystem& log) {
    Endpoint endpoint;
    endpoint.id = "loggers";
    Operation::Function all = [&log](const Call&) { return all_loggers(log); };
    Operation::Function one = [&log](const Call& call) { return one_logger(log, call); };
    Operation::Function set = [&log](const Call& call) { return set_level(log, call); };
    endpoint.operations.push_back({.run = std::move(all)});
    endpoint.operations.push_back(
        {.path = "/{name}", .run = std::move(one), .head_without_value_is_no_content = true}
    );
    endpoint.operations.push_back(
        {.verb = Verb::write, .path = "/{name}", .run = std::move(set), .takes_body = true}
    );
    return endpoint;
}

Endpoint logfile_endpoint(std::string file) {
    Operation::Function read = [file = std::move(file)](const Call& call) {
        return read_log_file(file, call);
    };
    Endpoint endpoint;
    endpoint.id = "logfile";
    endpoint.operations.push_back({.run = std::move(read), .place = Place::pool, .negotiates = true});
    return endpoint;
}

}  // namespace flotilla::actuator

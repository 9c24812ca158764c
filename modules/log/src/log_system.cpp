#include "flotilla/log/log_system.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "crash.hpp"
#include "flotilla/log/captured_log.hpp"
#include "writer.hpp"

namespace flotilla::log {

using detail::Node;

namespace {
constexpr std::string_view root_name = "ROOT";

struct Group {
    std::optional<Level> configured;
    std::vector<std::string> members;
};

std::vector<std::unique_ptr<Sink>> only(std::unique_ptr<Sink> sink) {
    std::vector<std::unique_ptr<Sink>> sinks;
    sinks.push_back(std::move(sink));
    return sinks;
}
}  // namespace

struct LogSystem::Impl {
    Impl(LogOptions options, std::vector<std::unique_ptr<Sink>> sinks, const Clock& clock)
        : writer(options, std::move(sinks), clock) {
        root.writer = &writer;
        root.name = root_name;
        root.configured = Level::info;
        for (auto& [name, members] : options.groups) groups[name].members = std::move(members);
        for (const auto& [name, level] : options.levels) configure(name, level);
        apply();
    }

    Node& node(std::string_view name) {
        if (name.empty() || name == root_name) return root;
        if (const auto found = nodes.find(name); found != nodes.end()) return *found->second;
        const std::size_t dot = name.rfind('.');
        auto made = std::make_unique<Node>();
        made->writer = &writer;
        made->name = name;
        made->parent = &node(dot == name.npos ? std::string_view{} : name.substr(0, dot));
        made->level.store(made->parent->level.load(std::memory_order_relaxed), std::memory_order_relaxed);
        return *nodes.emplace(std::string(name), std::move(made)).first->second;
    }

    /// A group's name stands for its members and goes before a logger of the same name.
    void configure(std::string_view name, std::optional<Level> level) {
        if (const auto group = groups.find(name); group != groups.end()) {
            group->second.configured = level;
            for (const std::string& member : group->second.members) node(member).configured = level;
        } else {
            node(name).configured = level;
        }
    }

    void apply() {
        root.level.store(root.configured.value_or(Level::info), std::memory_order_relaxed);
        // In the order of names a parent comes before its children.
        for (const auto& [name, node] : nodes) {
            const Level inherited = node->parent->level.load(std::memory_order_relaxed);
            node->level.store(node->configured.value_or(inherited), std::memory_order_relaxed);
        }
    }

    static LoggerState state_of(const Node& node) {
        return {node.name, node.configured, node.level.load(std::memory_order_relaxed)};
    }

    mutable std::mutex mutex;
    Node root;
    std::map<std::string, std::unique_ptr<Node>, std::less<>> nodes;
    std::map<std::string, Group, std::less<>> groups;
    detail::Writer writer;  // last: its thread reads the nodes
};

LogSystem::LogSystem(LogOptions options, std::vector<std::unique_ptr<Sink>> sinks, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(sinks), clock)) {}

LogSystem::LogSystem(LogOptions options) : LogSystem(std::move(options), only(console_sink())) {}

LogSystem::~LogSystem() {
    detail::forget_at_crash(impl_->writer);
}

Logger LogSystem::logger(std::string_view name) {
    const std::scoped_lock lock(impl_->mutex);
    return Logger(impl_->node(name));
}

std::vector<LoggerState> LogSystem::loggers() const {
    const std::scoped_lock lock(impl_->mutex);
    std::vector<LoggerState> states{Impl::state_of(impl_->root)};
    for (const auto& [name, node] : impl_->nodes) states.push_back(Impl::state_of(*node));
    return states;
}

std::optional<LoggerState> LogSystem::find_logger(std::string_view name) const {
    const std::scoped_lock lock(impl_->mutex);
    if (name == root_name) return Impl::state_of(impl_->root);
    const auto found = impl_->nodes.find(name);
    if (found == impl_->nodes.end()) return std::nullopt;
    return Impl::state_of(*found->second);
}

std::vector<GroupState> LogSystem::groups() const {
    const std::scoped_lock lock(impl_->mutex);
    std::vector<GroupState> states;
    for (const auto& [name, group] : impl_->groups) states.push_back({name, group.configured, group.members});
    return states;
}

std::optional<GroupState> LogSystem::find_group(std::string_view name) const {
    const std::scoped_lock lock(impl_->mutex);
    const auto found = impl_->groups.find(name);
    if (found == impl_->groups.end()) return std::nullopt;
    return GroupState{found->first, found->second.configured, found->second.members};
}

void LogSystem::set_level(std::string_view name, Level level) {
    const std::scoped_lock lock(impl_->mutex);
    impl_->configure(name, level);
    impl_->apply();
}

Result<void> LogSystem::clear_level(std::string_view name) {
    if (name == root_name) return fail(Errc::invalid_argument, "the level of ROOT cannot be cleared");
    const std::scoped_lock lock(impl_->mutex);
    impl_->configure(name, std::nullopt);
    impl_->apply();
    return {};
}

void LogSystem::add_secret(std::string_view value) {
    impl_->writer.add_secret(value);
}

Counts LogSystem::counts() const noexcept {
    return impl_->writer.counts();
}

void LogSystem::flush() {
    impl_->writer.flush();
}

void LogSystem::flush_on_crash() {
    detail::flush_at_crash(impl_->writer);
}

CapturedLog::CapturedLog(LogOptions options, const Clock& clock, Style style) {
    auto sink = std::make_unique<MemorySink>(style);
    sink_ = sink.get();
    system_ = std::make_unique<LogSystem>(std::move(options), only(std::move(sink)), clock);
}

std::vector<std::string> CapturedLog::lines() {
    system_->flush();
    return sink_->lines();
}

std::size_t CapturedLog::count_of(std::string_view text) {
    const auto all = lines();
    return static_cast<std::size_t>(std::ranges::count_if(all, [&](const std::string& line) {
        return line.find(text) != line.npos;
    }));
}

}  // namespace flotilla::log

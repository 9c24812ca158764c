#include "flotilla/base/task_context.hpp"

#include "flotilla/base/encoding.hpp"

namespace flotilla {

namespace {

thread_local TaskContext* running = nullptr;
thread_local TaskContext outside_any_task;

}  // namespace

TaskContext& TaskContext::current() noexcept {
    return running ? *running : outside_any_task;
}

TaskContext::Scope::Scope(TaskContext& context) noexcept : former_(running) {
    running = &context;
}

TaskContext::Scope::~Scope() {
    running = former_;
}

std::string trace_id_text(const TraceContext& context) {
    if (!context.valid()) return {};
    std::string text(context.trace_high != 0 ? 32 : 16, '0');
    if (context.trace_high != 0) write_hex64(context.trace_high, text.data());
    write_hex64(context.trace_low, text.data() + text.size() - 16);
    return text;
}

std::string span_id_text(const TraceContext& context) {
    if (!context.valid()) return {};
    std::string text(16, '0');
    write_hex64(context.span_id, text.data());
    return text;
}

}  // namespace flotilla

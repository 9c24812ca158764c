#include "writer.hpp"

#include <fmt/format.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <utility>

#include "mask.hpp"

namespace flotilla::log::detail {

namespace {

// While lines keep coming the writer looks for them every few milliseconds, so that callers do not pay for
// waking it; after a quiet tenth of a second it sleeps until it is woken.
constexpr timespec nap{.tv_sec = 0, .tv_nsec = 4'000'000};
constexpr unsigned naps_before_sleep = 25;
constexpr std::size_t records_per_batch = 512;

struct FieldHead {
    std::uint32_t key_size;
    std::uint32_t value_size;
    Record::Kind kind;
};

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, const timespec* timeout) {
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, timeout, nullptr, 0);
}

void futex_wake(std::atomic<std::uint32_t>& word) {
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace

void append_field(std::string& out, std::string_view key, std::string_view value, Record::Kind kind) {
    FieldHead head{};
    head.key_size = static_cast<std::uint32_t>(key.size());
    head.value_size = static_cast<std::uint32_t>(value.size());
    head.kind = kind;
    char bytes[sizeof head];
    std::memcpy(bytes, &head, sizeof head);
    out.append(bytes, sizeof bytes).append(key).append(value);
}

Writer::Writer(const LogOptions& options, std::vector<std::unique_ptr<Sink>> sinks, const Clock& clock_used)
    : clock(clock_used),
      max_message(options.max_message),
      service_(options.service),
      pid_(::getpid()),
      error_wait_(options.error_wait),
      sinks_(std::move(sinks)),
      ring_(options.ring.count),
      secrets_(std::make_shared<const std::vector<std::string>>()) {
    // Signals belong to the threads that ask for them.
    sigset_t all;
    sigset_t former;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &former, nullptr);
}

Writer::~Writer() {
    stopping_.store(true);
    wake_if(napping);
    thread_.join();
}

void Writer::submit(
    const Node& node, Level level, std::string_view message, std::string_view fields
) noexcept {
    events_[index(level)].fetch_add(1, std::memory_order_relaxed);
    if (fields.size() > ring_.capacity() / 8) fields = {};
    message = message.substr(0, ring_.capacity() / 8);
    const std::string_view thread = thread_name();
    const RecordHead head{
        .node = &node,
        .time = clock.wall_now().time_since_epoch().count(),
        .trace = TaskContext::current().trace,
        .message_size = static_cast<std::uint32_t>(message.size()),
        .fields_size = static_cast<std::uint32_t>(fields.size()),
        .level = level,
        .thread_size = static_cast<std::uint8_t>(thread.size())
    };
    std::byte* record = reserve(level, sizeof head + thread.size() + message.size() + fields.size());
    if (!record) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    std::byte* at = record;
    std::memcpy(at, &head, sizeof head);
    at += sizeof head;
    for (const std::string_view part : {thread, message, fields}) {
        std::memcpy(at, part.data(), part.size());
        at += part.size();
    }
    ring_.commit(record);
    wake_if(asleep);
}

std::byte* Writer::reserve(Level level, std::size_t size) noexcept {
    std::byte* record = ring_.reserve(size);
    if (record) [[likely]]
        return record;
    wake_if(napping);
    if (level != Level::error) return nullptr;
    constexpr std::chrono::microseconds pause{100};
    for (std::chrono::nanoseconds waited{0}; !record && waited < error_wait_; waited += pause) {
        std::this_thread::sleep_for(pause);
        record = ring_.reserve(size);
    }
    return record;
}

void Writer::wake_if(Sleep at_least) noexcept {
    // The load suffices for producers: see Ring::commit.
    if (sleep_.load(std::memory_order_seq_cst) < at_least) [[likely]]
        return;
    if (sleep_.exchange(awake) != awake) futex_wake(sleep_);
}

void Writer::flush() {
    const std::uint64_t target = ring_.tail();
    for (std::uint64_t done = written_.load(); done < target; done = written_.load()) {
        wake_if(napping);
        written_.wait(done);
    }
}

void Writer::flush_in_signal_handler() noexcept {
    if (pthread_equal(thread_.native_handle(), pthread_self())) return;
    const std::uint64_t target = ring_.tail();
    constexpr timespec pause{.tv_sec = 0, .tv_nsec = 1'000'000};
    for (int i = 0; i < 500 && written_.load() < target; ++i) {
        wake_if(napping);
        nanosleep(&pause, nullptr);
    }
}

void Writer::add_secret(std::string_view value) {
    if (value.size() < 4) return;
    const std::scoped_lock lock(secrets_mutex_);
    auto copy = *secrets_;
    copy.emplace_back(value);
    // Longest first, so that a secret that contains another is hidden whole.
    std::ranges::sort(copy, [](const auto& a, const auto& b) { return a.size() > b.size(); });
    secrets_ = std::make_shared<const std::vector<std::string>>(std::move(copy));
}

Counts Writer::counts() const noexcept {
    Counts counts;
    for (std::size_t i = 0; i < events_.size(); ++i) {
        counts.events[i] = events_[i].load(std::memory_order_relaxed);
    }
    counts.dropped = dropped_.load(std::memory_order_relaxed);
    return counts;
}

void Writer::run() {
    set_thread_name("log");
    unsigned quiet_rounds = 0;
    while (true) {
        const bool stopping = stopping_.load();
        if (drain()) {
            quiet_rounds = 0;
        } else if (stopping) {
            return;
        } else {
            doze(quiet_rounds++);
        }
    }
}

bool Writer::drain() {
    std::size_t taken = 0;
    while (taken < records_per_batch) {
        const auto bytes = ring_.front();
        if (bytes.empty()) break;
        try {
            deliver(bytes);
        } catch (const std::exception&) {
            // A sink that fails (memory, disk) costs its line, never the process.
            dropped_.fetch_add(1, std::memory_order_relaxed);
        }
        ring_.pop();
        ++taken;
    }
    if (!report_drops() && taken == 0) {
        // A filler may have been skipped: flush() waits for positions, so it has to be told.
        if (written_.load(std::memory_order_relaxed) == ring_.head()) return false;
    }
    for (const auto& sink : sinks_) sink->flush();
    written_.store(ring_.head());
    written_.notify_all();
    return taken > 0;
}

void Writer::deliver(std::span<std::byte> bytes) {
    RecordHead head;
    std::memcpy(&head, bytes.data(), sizeof head);
    const char* at = reinterpret_cast<const char*>(bytes.data()) + sizeof head;
    const auto take = [&at](std::size_t size) {
        return std::string_view(std::exchange(at, at + size), size);
    };
    Record record;
    record.time = last_time_ = WallTime{Duration{head.time}};
    record.level = head.level;
    record.logger = head.node->name;
    record.trace = head.trace;
    record.thread = take(head.thread_size);
    record.message = take(head.message_size);
    entries_.clear();
    for (const char* end = at + head.fields_size; at < end;) {
        FieldHead field;
        std::memcpy(&field, at, sizeof field);
        at += sizeof field;
        const std::string_view key = take(field.key_size);
        entries_.push_back({key, take(field.value_size), field.kind});
    }
    emit(record);
}

void Writer::emit(Record record) {
    record.service = service_;
    record.pid = pid_;
    std::shared_ptr<const std::vector<std::string>> secrets;
    {
        const std::scoped_lock lock(secrets_mutex_);
        secrets = secrets_;
    }
    record.message = mask(record.message, *secrets, scratch_);
    masked_values_.clear();
    masked_values_.reserve(entries_.size());  // entries refer to its texts
    for (Record::Entry& entry : entries_) {
        if (is_secret_key(entry.key)) {
            entry = {entry.key, masked, Record::Kind::text};
        } else if (entry.kind != Record::Kind::bare) {
            std::string own;
            if (const auto text = mask(entry.text, *secrets, own); text.data() != entry.text.data()) {
                entry.text = masked_values_.emplace_back(text);
            }
        }
    }
    record.fields = entries_;
    for (const auto& sink : sinks_) sink->write(record);
}

bool Writer::report_drops() {
    const std::uint64_t dropped = dropped_.load(std::memory_order_relaxed);
    if (dropped == drops_reported_) return false;
    const std::string text =
        fmt::format("{} log lines were dropped because they came too fast", dropped - drops_reported_);
    drops_reported_ = dropped;
    entries_.clear();
    Record record;
    record.time = last_time_;
    record.level = Level::warn;
    record.logger = "log";
    record.thread = thread_name();
    record.message = text;
    emit(record);
    return true;
}

void Writer::doze(unsigned quiet_rounds) {
    const Sleep depth = quiet_rounds < naps_before_sleep ? napping : asleep;
    sleep_.store(depth, std::memory_order_seq_cst);
    if (!ring_.has_front() && !stopping_.load()) {
        futex_wait(sleep_, depth, depth == napping ? &nap : nullptr);
    }
    sleep_.store(awake, std::memory_order_seq_cst);
}

}  // namespace flotilla::log::detail

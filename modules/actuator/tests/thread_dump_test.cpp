#include "flotilla/actuator/thread_dump.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/syscall.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "actuator_fixture.hpp"
#include "symbols.hpp"

namespace flotilla::actuator {

namespace {

using namespace std::chrono_literals;

/// Threads that wait, and threads that work, until it goes.
class Crowd {
public:
    Crowd(int waiting, int working) {
        for (int i = 0; i < waiting; ++i) threads_.emplace_back([this] { wait_for_the_end(); });
        for (int i = 0; i < working; ++i) {
            threads_.emplace_back([this] {
                while (!ended_) spin_ = spin_ + 1;
            });
        }
    }

    ~Crowd() {
        {
            const std::scoped_lock lock(mutex_);
            ended_ = true;
        }
        end_.notify_all();
        for (auto& thread : threads_) thread.join();
    }

    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    [[nodiscard]] std::size_t size() const { return threads_.size(); }

private:
    void wait_for_the_end() {
        pthread_setname_np(pthread_self(), "idle");
        std::unique_lock lock(mutex_);
        end_.wait(lock, [this] { return ended_.load(); });
    }

    std::mutex mutex_;
    std::condition_variable end_;
    std::atomic<bool> ended_{false};
    std::atomic<int> spin_{0};
    std::vector<std::thread> threads_;
};

std::size_t tasks_of_this_process() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

TEST(ActuatorFacts, F21_TheThreadDumpHasAllThreadsInTime) {
    const Crowd crowd(20, 4);
    const TimePoint start = Clock::system().now();
    const auto threads = dump_threads();
    EXPECT_LT(Clock::system().now() - start, 5s) << "half a second, but machines of tests are slow";
    EXPECT_EQ(threads.size(), tasks_of_this_process());
    EXPECT_GE(threads.size(), crowd.size() + 1);
    const auto with_stack =
        std::ranges::count_if(threads, [](const auto& thread) { return !thread.stack.empty(); });
    EXPECT_GE(static_cast<std::size_t>(with_stack), crowd.size());
}

TEST(ThreadDump, NamesThreadsStatesAndFrames) {
    const Crowd crowd(1, 0);
    const auto is_waiting = [](const ThreadInfo& thread) {
        return thread.name == "idle" && thread.state == ThreadState::waiting && thread.waits_for == "futex";
    };
    std::vector<ThreadInfo> threads;
    for (int tries = 0; tries < 1000 && std::ranges::none_of(threads, is_waiting); ++tries)
        threads = dump_threads();
    const auto idle = std::ranges::find_if(threads, is_waiting);
    ASSERT_NE(idle, threads.end());
    const auto frame = std::ranges::find(idle->stack, "wait_for_the_end", &StackFrame::function);
    if (frame != idle->stack.end()) {
        EXPECT_NE(frame->scope.find("flotilla::actuator"), std::string::npos);
        EXPECT_NE(frame->module.find("actuator_tests"), std::string::npos);
    }
    const Json json = thread_dump_json(threads, {{"poller", TimePoint(1s), {}}}, TimePoint(3s));
    EXPECT_EQ(json["threads"].size(), threads.size());
    EXPECT_EQ(json["threads"][0]["blockedTime"], Json(-1));
    EXPECT_EQ(json["tasks"].text(), R"([{"name":"poller","age":"PT2S"}])");
    const std::string text =
        thread_dump_text(threads, {{"poller", TimePoint(1s), {}}}, WallTime{}, TimePoint(3s));
    EXPECT_NE(text.find("\"idle\" - Thread t@"), std::string::npos);
    EXPECT_NE(text.find("poller for PT2S"), std::string::npos);
}

TEST(ThreadDump, IsTextForWhoAsksForText) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime);
        fixture.mount();
        const auto json = co_await fixture.send("GET /actuator/threaddump");
        EXPECT_GE(json_of(json)["threads"].size(), 1U);
        const auto text =
            co_await fixture.send("GET /actuator/threaddump", http::header("Accept", "text/plain"));
        EXPECT_EQ(field_of(text, "Content-Type"), "text/plain;charset=UTF-8");
        EXPECT_NE(text.text()->find("Full thread dump"), std::string_view::npos);
    });
}

TEST(ThreadDump, TellsTimedWaitsByTheSystemCall) {
    const auto line = [](long number, std::string_view arguments) {
        return std::to_string(number) + " " + std::string(arguments);
    };
    EXPECT_TRUE(is_timed_wait(line(SYS_clock_nanosleep, "0x1 0x0 0x7ffd 0x0 0x0 0x0 0x7ffe 0x7f00")));
    EXPECT_FALSE(is_timed_wait(line(SYS_futex, "0x7f00 0x189 0x0 0x0 0x0 0xffffffff 0x7ffe 0x7f00")));
    EXPECT_TRUE(is_timed_wait(line(SYS_futex, "0x7f00 0x189 0x0 0x7f44 0x0 0xffffffff 0x7ffe 0x7f00")));
    EXPECT_TRUE(is_timed_wait(line(SYS_epoll_wait, "0x3 0x7f00 0x40 0x3e8 0x0 0x0 0x7ffe 0x7f00")));
    EXPECT_FALSE(is_timed_wait(line(SYS_epoll_wait, "0x3 0x7f00 0x40 0xffffffff 0x0 0x0 0x7ffe 0x7f00")));
    EXPECT_FALSE(is_timed_wait("running"));
    EXPECT_FALSE(is_timed_wait(""));
    EXPECT_EQ(thread_state('R', true), ThreadState::runnable);
    EXPECT_EQ(thread_state('S', true), ThreadState::timed_waiting);
    EXPECT_EQ(thread_state('S', false), ThreadState::waiting);
    EXPECT_EQ(thread_state('D', false), ThreadState::blocked);
}

TEST(Symbols, SplitsFunctionsInScopeAndName) {
    const std::pair<const char*, std::pair<const char*, const char*>> expected[] = {
        {"main", {"", "main"}},
        {"flotilla::http::Session::run()", {"flotilla::http::Session", "run"}},
        {"a::B<c::D>::run(std::vector<int>) const", {"a::B<c::D>", "run"}},
        {"a::(anonymous namespace)::Crowd::wait(int)", {"a::(anonymous namespace)::Crowd", "wait"}},
        {"a::Task::operator()(int)", {"a::Task", "operator()"}},
    };
    for (const auto& [demangled, parts] : expected) {
        std::string scope;
        std::string function;
        detail::split_function(demangled, scope, function);
        EXPECT_EQ(scope, parts.first) << demangled;
        EXPECT_EQ(function, parts.second) << demangled;
    }
}

}  // namespace

}  // namespace flotilla::actuator

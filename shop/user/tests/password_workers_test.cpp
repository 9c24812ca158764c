#include "flotilla/shop/user/password_workers.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "flotilla/runtime/task_scope.hpp"
#include "run_on_loop.hpp"

namespace flotilla::shop::user {
namespace {

constexpr PasswordConfig quick{.threads = 1, .queue = 1, .cost = 4};

TEST(PasswordWorkers, S10_AHashIsOfTheKindThatTheCourseHas) {
    test_support::run_on_loop([](runtime::Runtime&) -> Task<> {
        const PasswordWorkers workers({.threads = 1});
        const auto hash = co_await workers.hash("test1111");
        EXPECT_TRUE(hash && hash->starts_with("$2a$10$") && hash->size() == 60);
    });
}

TEST(PasswordWorkers, TheyTellWhetherAPasswordIsRight) {
    test_support::run_on_loop([](runtime::Runtime&) -> Task<> {
        const PasswordWorkers workers(quick);
        const std::string known = "$2a$10$abcdefghijklmnopqrstuu6VFZE.TtiJ2cr5lBUZZkdTY8FkA5ul2";
        const auto right = co_await workers.matches("12345678", known);
        const auto wrong = co_await workers.matches("12345679", known);
        EXPECT_TRUE(right && *right);
        EXPECT_TRUE(wrong && !*wrong);
    });
}

TEST(PasswordWorkers, N16_WithoutAHashTheySayNo) {
    test_support::run_on_loop([](runtime::Runtime&) -> Task<> {
        const PasswordWorkers workers(quick);
        const auto nobody = co_await workers.matches("12345678", std::nullopt);
        EXPECT_TRUE(nobody && !*nobody);
    });
}

Task<> hash_into(const PasswordWorkers& workers, std::vector<std::string>& answers) {
    const auto hash = co_await workers.hash("test1111");
    answers.push_back(hash ? "hashed" : hash.error().code());
}

TEST(PasswordWorkers, WhatDoesNotFitTheQueueIsRefusedAtOnce) {
    test_support::run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        // One is worked on, one waits; hashes of cost 10 take long enough for all to be asked for meanwhile.
        const PasswordWorkers workers({.threads = 1, .queue = 1});
        std::vector<std::string> answers;
        runtime::TaskScope scope(runtime.loop(0));
        for (int i = 0; i < 20; ++i) scope.spawn("hash", hash_into(workers, answers));
        co_await scope.drain(Deadline::after(runtime.loop(0).now(), std::chrono::seconds(20)));
        EXPECT_EQ(answers.size(), 20U);
        EXPECT_GE(std::ranges::count(answers, "BUSY"), 17);
        EXPECT_GE(std::ranges::count(answers, "hashed"), 1);
        EXPECT_EQ(answers.front(), "BUSY") << "a refusal does not wait";
    });
}

TEST(PasswordWorkers, TheyAreMeasured) {
    metrics::Registry registry;
    const PasswordWorkers workers(quick);
    workers.bind(registry);
    EXPECT_TRUE(registry.view("shop.passwords.queued"));
    EXPECT_TRUE(registry.view("shop.passwords.active"));
}

}  // namespace
}  // namespace flotilla::shop::user

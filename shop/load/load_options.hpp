#pragma once
/// The command line of shop-load.

#include <chrono>
#include <cstdint>
#include <string>

#include "flotilla/reflect/describe.hpp"

namespace flotilla::shop {

struct LoadOptions {
    std::string gateway = "http://127.0.0.1:8000";
    std::uint32_t users = 200;
    std::chrono::milliseconds duration{120'000};
    std::chrono::milliseconds ramp{20'000};
    std::string mix = "browse=65,login=2,order=15,detail=18";
    std::chrono::milliseconds think{1'000};
    double rate = 0;
    std::uint32_t max_in_flight = 10'000;
    std::uint32_t connections = 256;
    std::chrono::milliseconds timeout{10'000};
    std::uint32_t retries = 8;
    std::uint32_t max_qty = 1;
    std::string password = "test1111";
    std::int64_t restock = 0;
    std::string token_secret;
    std::string journal;
    std::string json;
    std::uint64_t seed = 0;
    bool quiet = false;
    bool help = false;
};

FLT_DESCRIBE_CONFIG(
    LoadOptions,
    (gateway, "Where the shop is; several with commas: users are spread over them, retries go to the next."),
    (users, "How many users (200).", min(1), max(100'000)),
    (duration, "How long, the ramp included (120s).", min(std::chrono::milliseconds(1))),
    (ramp, "The users begin spread over this time; with --rate, the rate grows over it (20s)."),
    (mix, "What they do: browse=65,login=2,order=15,detail=18."),
    (think, "Pause of a user between two requests, on average (1s)."),
    (rate, "Open loop: so many requests a second, whatever the answers do.", min(0.0), max(1e6)),
    (max_in_flight, "With --rate: more unanswered requests than this count as failed (10000).", min(1)),
    (connections, "With --rate: connections at most (256).", min(1)),
    (timeout, "Of one request (10s).", min(std::chrono::milliseconds(1))),
    (retries,
     "How often an order is sent again, with the same key, when nobody knows what became of it (8)."),
    (max_qty, "Pieces of an order: one to this (1).", min(1), max(10'000)),
    (password, "Of the users that are registered."),
    (restock, "First sets the stock of every product to this, as an admin; wants --token-secret.", min(0)),
    (token_secret, "The shop's token.secret, to sign as an admin; or the variable TOKEN_SECRET."),
    (journal, "A file for shop-verify: users and acknowledged orders."),
    (json, "Writes the report as JSON to this file; - is the standard output."),
    (seed,
     "Of all dice; 0 takes one by chance. Two runs with one seed on the same data would meet in their users."
    ),
    (quiet, "No progress line."),
    (help, "This text.")
)

}  // namespace flotilla::shop

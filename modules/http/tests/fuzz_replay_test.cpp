// The inputs that the fuzzers know, and mutations of them, in the unit run.

#include <gtest/gtest.h>

#include "../fuzz/http2_target.hpp"
#include "../fuzz/http_fields_target.hpp"
#include "../fuzz/http_request_target.hpp"
#include "../fuzz/http_response_target.hpp"
#include "../fuzz/multipart_target.hpp"
#include "../fuzz/url_target.hpp"
#include "../fuzz/websocket_target.hpp"
#include "corpus.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::http {
namespace {

using test_support::corpus;
using test_support::mutation_of;

struct Target {
    const char* folder;
    void (*read)(std::string_view);
};

constexpr Target targets[] = {
    {"http2", testing::read_http2},
    {"http_request", testing::read_request},
    {"http_response", testing::read_response},
    {"url", testing::read_url},
    {"multipart", testing::read_multipart},
    {"websocket", testing::read_websocket},
    {"http_fields", testing::read_field_values},
};

TEST(FuzzReplay, PassesTheCorpus) {
    for (const Target& target : targets) {
        const auto inputs = corpus(target.folder);
        EXPECT_GE(inputs.size(), 5u) << target.folder;
        for (const std::string& input : inputs) target.read(input);
    }
}

TEST(FuzzReplay, PassesMutationsOfTheCorpus) {
    Random random(41);
    for (const Target& target : targets) {
        const auto inputs = corpus(target.folder);
        for (int round = 0; round < 2000; ++round) target.read(mutation_of(inputs, random));
    }
}

}  // namespace
}  // namespace flotilla::http

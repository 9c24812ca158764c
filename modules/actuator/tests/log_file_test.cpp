#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "flotilla/actuator/endpoints.hpp"

namespace flotilla::actuator {

namespace {

Answer read(const std::string& file, std::string range = {}) {
    Call call;
    call.range = std::move(range);
    return std::get<Operation::Function>(logfile_endpoint(file).operations.front().run)(call);
}

std::string header(const Answer& answer, std::string_view name) {
    for (const auto& [key, value] : answer.headers)
        if (key == name) return value;
    return {};
}

TEST(LogFile, GivesTheTextOrAPartOfIt) {
    const std::string file = testing::TempDir() + "flotilla_actuator_log_file_test.log";
    std::ofstream(file) << "one\ntwo\nthree\n";
    EXPECT_EQ(std::get<Answer::Text>(read(file).content).text, "one\ntwo\nthree\n");
    const Answer part = read(file, "bytes=4-6");
    EXPECT_EQ(part.status, http::Status::partial_content);
    EXPECT_EQ(std::get<Answer::Text>(part.content).text, "two");
    EXPECT_EQ(header(part, "Content-Range"), "bytes 4-6/14");
    const Answer beyond = read(file, "bytes=20-");
    EXPECT_EQ(beyond.status, http::Status::range_not_satisfiable);
    EXPECT_EQ(header(beyond, "Content-Range"), "bytes */14");
    std::filesystem::remove(file);
    EXPECT_EQ(read(file).status, http::Status::not_found);
}

}  // namespace

}  // namespace flotilla::actuator

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "flotilla/log/log_system.hpp"
#include "temporary_folder.hpp"

namespace flotilla::log {
namespace {

using Folder = test_support::TemporaryFolder;

std::string content(const std::string& file) {
    std::ifstream in(file);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

Record message(std::string_view text) {
    Record record;
    record.message = text;
    return record;
}

TEST(FileSink, AppendsToWhatIsThere) {
    const Folder folder;
    std::ofstream(folder.file("app.log")) << "before\n";
    auto sink = file_sink({.name = folder.file("app.log")});
    ASSERT_TRUE(sink);
    (*sink)->write(message("after"));
    (*sink)->flush();
    EXPECT_TRUE(content(folder.file("app.log")).starts_with("before\n"));
    EXPECT_TRUE(content(folder.file("app.log")).ends_with(": after\n"));
}

TEST(FileSink, MovesAFullFileAsideAndKeepsSome) {
    const Folder folder;
    auto sink = file_sink({.name = folder.file("app.log"), .max_size = {200}, .max_history = 2});
    ASSERT_TRUE(sink);
    for (const char* text : {"one", "two", "three", "four"}) {
        (*sink)->write(message(std::string(100, '.') + text));
        (*sink)->flush();
    }
    EXPECT_TRUE(content(folder.file("app.log")).ends_with("four\n"));
    EXPECT_TRUE(content(folder.file("app.log.1")).ends_with("three\n"));
    EXPECT_TRUE(content(folder.file("app.log.2")).ends_with("two\n"));
    EXPECT_FALSE(std::filesystem::exists(folder.file("app.log.3")));
}

TEST(FileSink, RotatesInsideABatchToo) {
    const Folder folder;
    auto sink = file_sink({.name = folder.file("app.log"), .max_size = {200}, .max_history = 9});
    ASSERT_TRUE(sink);
    for (const char* text : {"one", "two", "three"}) (*sink)->write(message(std::string(100, '.') + text));
    (*sink)->flush();
    EXPECT_TRUE(content(folder.file("app.log.2")).ends_with("one\n"));
    EXPECT_TRUE(content(folder.file("app.log.1")).ends_with("two\n"));
    EXPECT_TRUE(content(folder.file("app.log")).ends_with("three\n"));
}

TEST(FileSink, SaysWhichFileCannotBeOpened) {
    const auto sink = file_sink({.name = "/nonexistent/app.log"});
    ASSERT_FALSE(sink);
    EXPECT_NE(sink.error().message().find("/nonexistent/app.log"), std::string::npos);
}

TEST(ConsoleSink, WritesWholeLinesWithoutColourToAPipe) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const auto sink = console_sink({.zone = TimeZone::utc}, ends[1]);
    sink->write(message("hello"));
    sink->flush();
    char buffer[256];
    const auto size = ::read(ends[0], buffer, sizeof buffer);
    EXPECT_EQ(
        std::string_view(buffer, static_cast<std::size_t>(size)),
        "1970-01-01 00:00:00.000  INFO [,,] 0 --- []  : hello\n"
    );
    ::close(ends[0]);
    ::close(ends[1]);
}

}  // namespace
}  // namespace flotilla::log

#include "flotilla/runtime/program_pages.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <string>

namespace flotilla::runtime {
namespace {

constexpr std::size_t page = 4096;

/// Of the program file itself, what is mapped into this process of its pages that are never written to.
std::size_t resident_program_bytes() {
    std::array<char, 1000> self{};
    const ssize_t length = ::readlink("/proc/self/exe", self.data(), self.size());
    const std::string program(self.data(), static_cast<std::size_t>(length));
    std::ifstream maps("/proc/self/smaps");
    std::size_t kilobytes = 0;
    bool counts = false;
    for (std::string line; std::getline(maps, line);) {
        if (line.ends_with(program)) counts = line.find(" r-xp ") != std::string::npos;
        if (counts && line.starts_with("Rss:")) {
            kilobytes += std::stoul(line.substr(4));
            counts = false;
        }
    }
    return kilobytes << 10;
}

// A page of its own between the constants.
alignas(page) constexpr std::array<char, 2 * page> constants{'f', 'l', 'o', 't'};

TEST(ProgramPages, GoesDownToWhatIsInUse) {
    const std::size_t before = resident_program_bytes();
    const std::size_t released = release_program_pages();
    const std::size_t after = resident_program_bytes();
    EXPECT_GT(before, 0U);
    EXPECT_GT(released, before / 2);
    EXPECT_LT(after, before);
    EXPECT_EQ(constants[2], 'o') << "what is needed again comes back";
}

TEST(ProgramPages, KeepsAPageThatSomebodyHasChanged) {
    // As a debugger does that sets a breakpoint.
    const auto address = reinterpret_cast<std::uintptr_t>(constants.data());
    auto* const writable = reinterpret_cast<char*>(address);
    ASSERT_EQ(::mprotect(writable, page, PROT_READ | PROT_WRITE), 0);
    volatile char* const letter = writable + 3;
    *letter = 'T';
    ASSERT_EQ(::mprotect(writable, page, PROT_READ), 0);
    release_program_pages();
    EXPECT_EQ(*letter, 'T');
}

TEST(ProgramPages, MayBeAskedTwice) {
    release_program_pages();
    const std::size_t first = resident_program_bytes();
    EXPECT_GT(release_program_pages(), 0U);
    EXPECT_LT(resident_program_bytes(), 2 * first);
}

}  // namespace
}  // namespace flotilla::runtime

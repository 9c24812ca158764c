#pragma once
/// What a person sees of a running fleet: the lines of all parts, each behind its part's name.

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"

namespace flotilla::fleet {

enum class Colour : std::uint8_t { no, yes };
enum class Echo : std::uint8_t { no, yes };

/// One part's output: whole lines go to its file, and, with an echo, to the console behind its name.
class PartLog {
public:
    PartLog(std::string prefix, const std::string& path, Echo echo);
    ~PartLog();
    PartLog(const PartLog&) = delete;
    PartLog& operator=(const PartLog&) = delete;

    [[nodiscard]] bool is_open() const noexcept { return file_ >= 0; }

    /// A new process writes from here on.
    void begin_life() noexcept { life_begin_ = size_; }

    /// A piece of output, cut anywhere. A line that is longer than 64 KiB is shown in parts.
    void add(std::string_view piece);
    /// What is left of an unfinished line.
    void finish();

    /// The last lines of this life, for whoever asks why it ended.
    [[nodiscard]] std::string tail(std::size_t lines) const;

private:
    void line(std::string_view text);

    std::string prefix_;
    std::string path_;
    Echo echo_;
    std::string pending_;
    int file_ = -1;
    std::uint64_t size_ = 0;
    std::uint64_t life_begin_ = 0;
};

/// Writes to stdout, but never waits for it: lines that a stopped terminal does not take are in the files.
void show(std::string_view text);

/// `order-1    | `, in the colour of its number.
std::string prefix_of(std::string_view name, std::size_t number, std::size_t width, Colour colour);

}  // namespace flotilla::fleet

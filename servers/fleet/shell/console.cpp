#include "console.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <vector>

#include "flotilla/base/text.hpp"

namespace flotilla::fleet {

namespace {

constexpr std::size_t longest_line = 65'536;
constexpr std::uint64_t largest_file = 16U << 20;  // then it becomes NAME.log.1, and the one before that goes

int open_log(const std::string& path) {
    return open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

}  // namespace

void show(std::string_view text) {
    pollfd console{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
    while (!text.empty() && poll(&console, 1, 0) == 1 && (console.revents & POLLOUT) != 0) {
        // A pipe that is ready takes at least this much without blocking.
        const auto written = write(STDOUT_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::string prefix_of(std::string_view name, std::size_t number, std::size_t width, Colour colour) {
    constexpr std::array<std::string_view, 8> colours = {
        "\x1b[36m", "\x1b[35m", "\x1b[33m", "\x1b[34m", "\x1b[32m", "\x1b[96m", "\x1b[95m", "\x1b[93m"
    };
    if (colour == Colour::no) return fmt::format("{:<{}} | ", name, width);
    return fmt::format("{}{:<{}} |\x1b[0m ", colours[number % colours.size()], name, width);
}

PartLog::PartLog(std::string prefix, const std::string& path, Echo echo)
    : prefix_(std::move(prefix)), path_(path), echo_(echo), file_(open_log(path)) {
    struct stat info{};
    if (file_ >= 0 && fstat(file_, &info) == 0) size_ = static_cast<std::uint64_t>(info.st_size);
}

PartLog::~PartLog() {
    if (file_ >= 0) close(file_);
}

void PartLog::add(std::string_view piece) {
    while (!piece.empty()) {
        const std::size_t end = piece.find('\n');
        pending_ += piece.substr(0, end);
        if (end == piece.npos) {
            if (pending_.size() >= longest_line) finish();
            return;
        }
        line(pending_);
        pending_.clear();
        piece.remove_prefix(end + 1);
    }
}

void PartLog::finish() {
    if (!pending_.empty()) line(pending_);
    pending_.clear();
}

void PartLog::line(std::string_view text) {
    const std::string whole = fmt::format("{}\n", text);
    if (size_ + whole.size() > largest_file) {
        if (file_ >= 0) close(file_);
        std::rename(path_.c_str(), (path_ + ".1").c_str());
        file_ = open_log(path_);
        size_ = 0;
        life_begin_ = 0;
    }
    if (file_ >= 0 && write(file_, whole.data(), whole.size()) > 0) size_ += whole.size();
    if (echo_ == Echo::yes) show(prefix_ + whole);
}

std::string PartLog::tail(std::size_t lines) const {
    std::ifstream file(path_);
    constexpr std::streamoff enough = 8'192;
    file.seekg(0, std::ios::end);
    const std::streamoff size = file.tellg();
    file.seekg(std::max(static_cast<std::streamoff>(life_begin_), size - enough));
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto all = split(trim(text), '\n');
    std::string result;
    for (std::size_t i = all.size() > lines ? all.size() - lines : 0; i < all.size(); ++i)
        result += fmt::format("  {}\n", all[i]);
    return result;
}

}  // namespace flotilla::fleet

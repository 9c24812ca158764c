#include "flotilla/runtime/port_holder.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "flotilla/base/text.hpp"

namespace flotilla::runtime {

namespace fs = std::filesystem;

namespace {

std::string read_file(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (const std::string_view word : split(line, ' ')) {
        if (!word.empty()) words.push_back(word);
    }
    return words;
}

bool has_socket(const fs::path& process, const std::string& socket) {
    std::error_code error;
    for (fs::directory_iterator entry(process / "fd", error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code unreadable;
        if (fs::read_symlink(entry->path(), unreadable) == socket) return true;
    }
    return false;
}

}  // namespace

std::uint64_t listening_inode(std::string_view table, std::uint16_t port) {
    constexpr std::string_view listen_state = "0A";
    const std::string ending = fmt::format(":{:04X}", port);
    for (const std::string_view line : split(table, '\n')) {
        const auto words = words_of(line);
        if (words.size() > 9 && words[1].ends_with(ending) && words[3] == listen_state)
            return parse_integer<std::uint64_t>(words[9]).value_or(0);
    }
    return 0;
}

std::string holder_of_port(std::uint16_t port, const std::string& proc) {
    std::uint64_t inode = listening_inode(read_file(proc + "/net/tcp"), port);
    if (inode == 0) inode = listening_inode(read_file(proc + "/net/tcp6"), port);
    if (inode == 0) return {};
    const std::string socket = fmt::format("socket:[{}]", inode);
    std::error_code error;
    for (fs::directory_iterator entry(proc, error), end; !error && entry != end; entry.increment(error)) {
        const std::string pid = entry->path().filename();
        if (!parse_integer<int>(pid) || !has_socket(entry->path(), socket)) continue;
        std::string name = read_file(entry->path() / "comm");
        return fmt::format("{} (pid {})", trim(name), pid);
    }
    return "a process of another user";
}

}  // namespace flotilla::runtime

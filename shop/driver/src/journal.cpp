#include "flotilla/shop/driver/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "flotilla/reflect/json.hpp"

namespace flotilla::shop::driver {

Result<JournalWriter> JournalWriter::open(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    std::FILE* file = descriptor < 0 ? nullptr : fdopen(descriptor, "a");
    if (file == nullptr) {
        if (descriptor >= 0) ::close(descriptor);
        return fail(Errc::io, fmt::format("cannot write {}", path));
    }
    return JournalWriter(path, file);
}

void JournalWriter::write(const JournalLine& line) {
    const std::string text = reflect::to_json(line) + '\n';
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() || std::fflush(file_.get()) != 0)
        failed_ = true;
}

Result<void> JournalWriter::close() {
    if (std::fclose(file_.release()) != 0 || failed_)
        return fail(Errc::io, fmt::format("cannot write {}", path_));
    return {};
}

Result<std::vector<JournalLine>> parse_journal(std::string_view text) {
    std::vector<JournalLine> lines;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text = end == text.npos ? std::string_view() : text.substr(end + 1);
        if (line.empty()) continue;
        auto read = reflect::from_json<JournalLine>(line);
        if (read) {
            lines.push_back(*std::move(read));
        } else if (end != line.npos) {
            return fail(read.error().within(fmt::format("line {}", number)));
        }
    }
    return lines;
}

Result<std::vector<JournalLine>> read_journals(std::span<const std::string_view> paths) {
    std::vector<JournalLine> all;
    for (const std::string_view path : paths) {
        std::ifstream file{std::string(path)};
        if (!file) return fail(Errc::not_found, fmt::format("cannot read {}", path));
        auto lines = parse_journal(std::string(std::istreambuf_iterator<char>(file), {}));
        if (!lines) return fail(lines.error().within(path));
        all.insert(all.end(), std::make_move_iterator(lines->begin()), std::make_move_iterator(lines->end()));
    }
    return all;
}

}  // namespace flotilla::shop::driver

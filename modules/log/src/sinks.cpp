#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "flotilla/log/sink.hpp"

namespace flotilla::log {

namespace {

constexpr std::size_t batch_bytes = 64 * 1024;

/// False when not all of it could be written.
bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

class ConsoleSink final : public Sink {
public:
    ConsoleSink(Style style, int fd) : renderer_(style), fd_(fd) {}

    void write(const Record& record) override {
        renderer_.render(record, lines_);
        if (lines_.size() >= batch_bytes) flush();
    }

    void flush() override {
        // Nobody can be told when the console is gone.
        static_cast<void>(write_all(fd_, lines_));
        lines_.clear();
    }

private:
    Renderer renderer_;
    int fd_;
    std::string lines_;
};

class FileSink final : public Sink {
public:
    FileSink(FileOptions options, Style style) : options_(std::move(options)), renderer_(style) {}

    ~FileSink() override { close(); }

    FileSink(const FileSink&) = delete;
    FileSink& operator=(const FileSink&) = delete;

    bool open() {
        fd_ = ::open(options_.name.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
        if (fd_ < 0) return false;
        struct stat status{};
        size_ = ::fstat(fd_, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
        return true;
    }

    void write(const Record& record) override {
        const std::size_t before = lines_.size();
        renderer_.render(record, lines_);
        const std::uint64_t full = size_ + lines_.size();
        if (full > options_.max_size.count && size_ + before > 0) {
            std::string last = lines_.substr(before);
            lines_.resize(before);
            flush();
            rotate();
            lines_ = std::move(last);
        }
        if (lines_.size() >= batch_bytes) flush();
    }

    void flush() override {
        if (lines_.empty()) return;
        if ((fd_ < 0 && !open()) || !write_all(fd_, lines_)) complain();
        size_ += lines_.size();
        lines_.clear();
    }

private:
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

    void rotate() {
        close();
        const auto moved = [&](std::uint32_t n) { return options_.name + "." + std::to_string(n); };
        if (options_.max_history == 0) {
            ::unlink(options_.name.c_str());
        } else {
            for (std::uint32_t n = options_.max_history; n > 1; --n) {
                ::rename(moved(n - 1).c_str(), moved(n).c_str());
            }
            ::rename(options_.name.c_str(), moved(1).c_str());
        }
        size_ = 0;
        if (!open()) complain();
    }

    void complain() {
        if (std::exchange(complained_, true)) return;
        const std::string text = "cannot write the log file " + options_.name + ": " +
                                 std::generic_category().message(errno) + "\n";
        static_cast<void>(write_all(2, text));
    }

    FileOptions options_;
    Renderer renderer_;
    int fd_ = -1;
    std::uint64_t size_ = 0;
    std::string lines_;
    bool complained_ = false;
};

}  // namespace

std::unique_ptr<Sink> console_sink(Style style, int fd) {
    if (style.colour == Colour::automatic) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in this library sets environment variables
        const bool no_colour = std::getenv("NO_COLOR") != nullptr;
        const bool terminal = ::isatty(fd) == 1 && !no_colour;
        style.colour = terminal ? Colour::always : Colour::never;
    }
    return std::make_unique<ConsoleSink>(style, fd);
}

Result<std::unique_ptr<Sink>> file_sink(FileOptions options, Style style) {
    auto sink = std::make_unique<FileSink>(options, style);
    if (!sink->open()) {
        return fail(Errc::io, options.name + ": " + std::generic_category().message(errno));
    }
    return sink;
}

void MemorySink::write(const Record& record) {
    std::string line;
    const std::scoped_lock lock(mutex_);
    renderer_.render(record, line);
    line.pop_back();
    lines_.push_back(std::move(line));
}

std::vector<std::string> MemorySink::lines() const {
    const std::scoped_lock lock(mutex_);
    return lines_;
}

}  // namespace flotilla::log

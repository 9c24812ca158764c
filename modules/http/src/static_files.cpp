#include "flotilla/http/static_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "flotilla/base/random.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/http/conditional.hpp"
#include "flotilla/http/http_date.hpp"
#include "flotilla/http/negotiation.hpp"
#include "flotilla/http/path.hpp"

namespace flotilla::http {

struct StaticFiles::Directory {
    StaticFilesConfig config;
    int descriptor = -1;

    Directory(StaticFilesConfig c, int d) : config(std::move(c)), descriptor(d) {}

    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    ~Directory() { ::close(descriptor); }
};

namespace {

struct OpenFile {
    std::shared_ptr<const int> descriptor;
    struct stat info{};
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 28> content_types{{
    {"html", "text/html;charset=UTF-8"},
    {"htm", "text/html;charset=UTF-8"},
    {"css", "text/css;charset=UTF-8"},
    {"js", "text/javascript;charset=UTF-8"},
    {"mjs", "text/javascript;charset=UTF-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"txt", "text/plain;charset=UTF-8"},
    {"md", "text/markdown;charset=UTF-8"},
    {"csv", "text/csv;charset=UTF-8"},
    {"xml", "application/xml"},
    {"yml", "application/yaml"},
    {"yaml", "application/yaml"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/x-icon"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"wasm", "application/wasm"},
    {"pdf", "application/pdf"},
    {"mp4", "video/mp4"},
    {"gz", "application/gzip"},
    {"zip", "application/zip"},
}};

std::string_view content_type_of(std::string_view path) noexcept {
    const auto dot = path.rfind('.');
    if (dot != std::string_view::npos) {
        for (const auto& [extension, type] : content_types)
            if (iequals(path.substr(dot + 1), extension)) return type;
    }
    return "application/octet-stream";
}

bool is_hidden(std::string_view path) {
    bool hidden = path.find('\0') != std::string_view::npos;
    for_each_segment(path, [&](std::string_view segment) { hidden = hidden || segment.starts_with('.'); });
    return hidden;
}

/// Opens beneath the root, whatever links say.
std::optional<OpenFile> open_beneath(int root, const std::string& path) {
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    int fd = static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how));
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
        // A kernel or a sandbox without openat2: then without links, one segment after the other.
        fd = ::dup(root);
        for (const auto segment : split_list(path, '/')) {
            const int next =
                ::openat(fd, std::string(segment).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
            ::close(fd);
            fd = next;
            if (fd < 0) break;
        }
    }
    if (fd < 0) return std::nullopt;
    OpenFile file{
        std::shared_ptr<const int>(
            new int(fd),
            [](const int* owned) {
                ::close(*owned);
                delete owned;
            }
        ),
        {}
    };
    if (::fstat(fd, &file.info) != 0) return std::nullopt;
    return file;
}

WallTime modified_at(const struct stat& info) {
    return WallTime(std::chrono::seconds(info.st_mtim.tv_sec));
}

std::string etag_of(const struct stat& info) {
    return fmt::format(
        "\"{:x}-{:x}\"",
        static_cast<std::uint64_t>(info.st_mtim.tv_sec) * 1'000'000'000 +
            static_cast<std::uint64_t>(info.st_mtim.tv_nsec),
        info.st_size
    );
}

/// The parts of a multipart/byteranges answer.
struct Parts {
    OpenFile file;
    std::vector<ByteRange> ranges;
    std::string content_type;
    std::string boundary;
    std::uint64_t size = 0;

    [[nodiscard]] std::string head_of(const ByteRange& range) const {
        return fmt::format(
            "\r\n--{}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n",
            boundary,
            content_type,
            content_range(range, size)
        );
    }

    [[nodiscard]] std::string end() const { return fmt::format("\r\n--{}--\r\n", boundary); }

    [[nodiscard]] std::uint64_t length() const {
        std::uint64_t total = end().size();
        for (const auto& range : ranges) total += head_of(range).size() + range.size();
        return total;
    }
};

Task<> write_parts(const Parts& parts, BodyWriter& body) {
    std::string block;
    for (const auto& range : parts.ranges) {
        if (const auto sent = co_await body.write(parts.head_of(range)); !sent) co_return;
        for (std::uint64_t at = range.first; at <= range.last;) {
            block.resize(std::min<std::uint64_t>(64 * 1024, range.last - at + 1));
            const ssize_t got =
                ::pread(*parts.file.descriptor, block.data(), block.size(), static_cast<off_t>(at));
            if (got <= 0) co_return;  // the file has become shorter: the server sees that the body did
            block.resize(static_cast<std::size_t>(got));
            if (const auto sent = co_await body.write(block); !sent) co_return;
            at += block.size();
        }
    }
    (void)co_await body.write(parts.end());
}

void answer_ranges(Response& response, OpenFile file, const RangeChoice& choice, std::string_view type) {
    const auto size = static_cast<std::uint64_t>(file.info.st_size);
    response.status(Status::partial_content);
    if (choice.ranges.size() == 1) {
        const ByteRange& range = choice.ranges.front();
        response.set("Content-Range", content_range(range, size));
        response.set("Content-Type", type);
        response.body() = FileBody{std::move(file.descriptor), static_cast<off_t>(range.first), range.size()};
        return;
    }
    auto parts = std::make_shared<const Parts>(Parts{
        std::move(file), choice.ranges, std::string(type), fmt::format("{:016x}", Random::of_thread()()), size
    });
    response.stream(
        "multipart/byteranges; boundary=" + parts->boundary,
        [parts](BodyWriter& body) { return write_parts(*parts, body); },
        parts->length()
    );
}

}  // namespace

StaticFiles::StaticFiles(std::shared_ptr<const Directory> directory) : directory_(std::move(directory)) {}

Result<StaticFiles> StaticFiles::open(StaticFilesConfig config) {
    const int descriptor = ::open(config.root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        const std::error_code code(errno, std::system_category());
        return flotilla::fail(
            Errc::not_found, fmt::format("static files of '{}': {}", config.root, code.message())
        );
    }
    return StaticFiles(std::make_shared<const Directory>(std::move(config), descriptor));
}

void StaticFiles::mount(Router& router, std::string_view prefix) const {
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    auto serve = [files = *this, &errors = router.errors()](Request& request) {
        return files.answer(request, request.path_parameter("path").value_or(""), errors);
    };
    router.get(std::string(prefix) + "/{*path}", std::move(serve), {.name = "StaticFiles"});
}

Response StaticFiles::answer(const Request& request, std::string_view path, const ErrorRenderer& errors)
    const {
    const StaticFilesConfig& config = directory_->config;
    Response response;
    const auto not_found = [&] {
        errors.render(
            request,
            {.status = Status::not_found,
             .message = fmt::format("No static resource {}.", request.path().substr(1))},
            response
        );
        return std::move(response);
    };
    if (is_hidden(path)) return not_found();

    std::string name(path);
    if (name.empty() || name.ends_with('/')) name += config.index;
    auto file = open_beneath(directory_->descriptor, name);
    if (file && S_ISDIR(file->info.st_mode)) {
        response.status(Status::moved_permanently).set("Location", std::string(request.raw_path()) + "/");
        return response;
    }
    if (!file || !S_ISREG(file->info.st_mode)) return not_found();

    const std::string_view type = content_type_of(name);
    if (config.precompressed) {
        if (auto compressed = open_beneath(directory_->descriptor, name + ".gz");
            compressed && S_ISREG(compressed->info.st_mode)) {
            response.set("Vary", "Accept-Encoding");
            if (best_content_coding(request.fields()) == ContentCoding::gzip &&
                !request.fields().contains(KnownField::range)) {
                response.set("Content-Encoding", "gzip");
                file = std::move(compressed);
            }
        }
    }

    const std::string etag = etag_of(file->info);
    const Validators validators{.etag = etag, .last_modified = modified_at(file->info)};
    response.set("ETag", etag);
    response.set("Last-Modified", HttpDate(*validators.last_modified).text());
    response.set("Cache-Control", config.cache_control);
    response.set("Accept-Ranges", "bytes");
    const WallTime now = Clock::system().wall_now();
    switch (check_preconditions(request.method(), request.fields(), validators, now)) {
        case Precondition::not_modified:
            response.status(Status::not_modified);
            return response;
        case Precondition::failed:
            response.status(Status::precondition_failed);
            return response;
        case Precondition::proceed:
            break;
    }

    const auto size = static_cast<std::uint64_t>(file->info.st_size);
    const RangeChoice choice = choose_range(request.method(), request.fields(), validators, size, now);
    switch (choice.kind) {
        case RangeChoice::Kind::unsatisfiable:
            response.status(Status::range_not_satisfiable)
                .set("Content-Range", unsatisfied_content_range(size));
            return response;
        case RangeChoice::Kind::partial:
            answer_ranges(response, std::move(*file), choice, type);
            return response;
        case RangeChoice::Kind::whole:
            break;
    }
    response.set("Content-Type", type);
    response.body() = FileBody{std::move(file->descriptor), 0, size};
    return response;
}

}  // namespace flotilla::http

#include "flotilla/http/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include "flotilla/base/assert.hpp"

namespace flotilla::http {
namespace {

constexpr int gzip_window = 15 + 16;  // 32 KiB, gzip header and trailer
constexpr std::uint64_t ratio_counts_from = 1024 * 1024;

// zlib's interface is not const-correct, but it does not write to its input.
Bytef* input_of(std::string_view text) noexcept {
    return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));
}

uInt clamped(std::size_t size) noexcept {
    return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

// Lets zlib write at the end of `out`, at most `room` bytes of it.
template <class Step>
void append_from(z_stream& z, std::string& out, std::size_t room, Step&& step) {
    const std::size_t before = out.size();
    out.resize(before + room);
    z.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    z.avail_out = clamped(room);
    step();
    out.resize(before + room - z.avail_out);
}

}  // namespace

struct GzipCompressor::Stream {
    z_stream z{};

    explicit Stream(int level) {
        constexpr int memory_level = 8;
        const int code = deflateInit2(&z, level, Z_DEFLATED, gzip_window, memory_level, Z_DEFAULT_STRATEGY);
        if (code == Z_MEM_ERROR) throw std::bad_alloc();
        FLT_ASSERT(code == Z_OK);
    }

    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    ~Stream() { deflateEnd(&z); }
};

GzipCompressor::GzipCompressor(int level) : stream_(std::make_unique<Stream>(std::clamp(level, 1, 9))) {}

GzipCompressor::~GzipCompressor() = default;
GzipCompressor::GzipCompressor(GzipCompressor&&) noexcept = default;
GzipCompressor& GzipCompressor::operator=(GzipCompressor&&) noexcept = default;

void GzipCompressor::run(std::string_view input, int mode, std::string& out) {
    z_stream& z = stream_->z;
    while (true) {
        z.next_in = input_of(input);
        z.avail_in = clamped(input.size());
        const bool last_piece = z.avail_in == input.size();
        const uInt given = z.avail_in;
        // In most cases one round: a flush adds a few bytes to what the input can come to.
        const std::size_t room = mode == Z_NO_FLUSH ? std::max<std::size_t>(256, given / 4)
                                                    : static_cast<std::size_t>(given / 2) + 512;
        append_from(z, out, room, [&] { deflate(&z, last_piece ? mode : Z_NO_FLUSH); });
        input.remove_prefix(given - z.avail_in);
        if (input.empty() && z.avail_out > 0) return;
    }
}

void GzipCompressor::write(std::string_view input, std::string& out) {
    if (!input.empty()) run(input, Z_NO_FLUSH, out);
}

void GzipCompressor::flush(std::string& out) {
    run({}, Z_SYNC_FLUSH, out);
}

void GzipCompressor::finish(std::string& out) {
    run({}, Z_FINISH, out);
}

void GzipCompressor::reset() {
    deflateReset(&stream_->z);
}

std::string gzip(std::string_view input, int level) {
    GzipCompressor compressor(level);
    std::string out;
    compressor.write(input, out);
    compressor.finish(out);
    return out;
}

struct GzipDecompressor::Stream {
    z_stream z{};
    std::uint64_t taken = 0;
    std::uint64_t given = 0;
    bool between_members = true;

    Stream() {
        const int code = inflateInit2(&z, gzip_window);
        if (code == Z_MEM_ERROR) throw std::bad_alloc();
        FLT_ASSERT(code == Z_OK);
    }

    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    ~Stream() { inflateEnd(&z); }
};

GzipDecompressor::GzipDecompressor(Options options)
    : options_(options), stream_(std::make_unique<Stream>()) {}

GzipDecompressor::~GzipDecompressor() = default;
GzipDecompressor::GzipDecompressor(GzipDecompressor&&) noexcept = default;
GzipDecompressor& GzipDecompressor::operator=(GzipDecompressor&&) noexcept = default;

Result<void> GzipDecompressor::read(std::string_view& input, std::string& out, std::size_t most) {
    z_stream& z = stream_->z;
    std::size_t left = most;
    while (left > 0) {
        if (stream_->between_members) {
            if (input.empty()) return {};
            if (stream_->taken > 0) inflateReset(&z);
            stream_->between_members = false;
        }
        const std::size_t room = std::min<std::size_t>(left, 16 * 1024);
        z.next_in = input_of(input);
        z.avail_in = clamped(input.size());
        const uInt offered = z.avail_in;
        int code = Z_OK;
        append_from(z, out, room, [&] { code = inflate(&z, Z_NO_FLUSH); });
        const std::size_t made = room - z.avail_out;
        input.remove_prefix(offered - z.avail_in);
        stream_->taken += offered - z.avail_in;
        stream_->given += made;
        left -= made;

        if (stream_->given > options_.max_output)
            return fail(Errc::limit_exceeded, "gzip: output over the limit");
        if (stream_->given > ratio_counts_from &&
            stream_->given / std::max<std::uint64_t>(options_.max_ratio, 1) > stream_->taken) {
            return fail(Errc::limit_exceeded, "gzip: implausible compression ratio");
        }
        if (code == Z_STREAM_END) {
            stream_->between_members = true;
        } else if (code == Z_BUF_ERROR || (code == Z_OK && z.avail_out > 0)) {
            return {};  // wants more input
        } else if (code == Z_MEM_ERROR) {
            throw std::bad_alloc();
        } else if (code != Z_OK) {
            return fail(Errc::malformed, "gzip: malformed data");
        }
    }
    return {};
}

Result<void> GzipDecompressor::finish() const {
    if (stream_->between_members && stream_->taken > 0) return {};
    return fail(Errc::malformed, "gzip: data ends too early");
}

void GzipDecompressor::reset() {
    inflateReset(&stream_->z);
    stream_->taken = stream_->given = 0;
    stream_->between_members = true;
}

Result<std::string> gunzip(std::string_view input, GzipDecompressor::Options options) {
    GzipDecompressor decompressor(options);
    std::string out;
    constexpr std::size_t piece = 64 * 1024;
    std::size_t before = 0;
    do {
        before = out.size();
        FLT_CHECK(decompressor.read(input, out, piece));
    } while (!input.empty() || out.size() == before + piece);
    FLT_CHECK(decompressor.finish());
    return out;
}

}  // namespace flotilla::http

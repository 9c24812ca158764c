#pragma once
/// Streaming gzip (RFC 1952) with bounds: what a decompressor makes of hostile input is limited in size and
/// in ratio.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"

namespace flotilla::http {

/// Compresses one stream after another. It holds some 260 KiB once used: keep one and `reset()` it. One
/// thread at a time.
class GzipCompressor {
public:
    /// 1 is fast, 9 is small.
    explicit GzipCompressor(int level = 6);
    ~GzipCompressor();
    GzipCompressor(GzipCompressor&&) noexcept;
    GzipCompressor& operator=(GzipCompressor&&) noexcept;

    /// Appends what is ready; it may keep some back for later.
    void write(std::string_view input, std::string& out);
    /// Appends all that was written so far, so that the other side can read it now: after a server-sent
    /// event.
    void flush(std::string& out);
    /// Ends the stream. After it only `reset()` may be called.
    void finish(std::string& out);

    void reset();

private:
    struct Stream;
    void run(std::string_view input, int mode, std::string& out);

    std::unique_ptr<Stream> stream_;
};

/// The whole of `input` as one gzip stream.
std::string gzip(std::string_view input, int level = 6);

/// Decompresses one body, of one or more gzip members.
class GzipDecompressor {
public:
    struct Options {
        std::uint64_t max_output = 64 * 1024 * 1024;
        /// More output than this for each byte of input is a bomb; not looked at below 1 MiB of output.
        std::uint64_t max_ratio = 200;
    };

    GzipDecompressor() : GzipDecompressor(Options{}) {}

    explicit GzipDecompressor(Options options);
    ~GzipDecompressor();
    GzipDecompressor(GzipDecompressor&&) noexcept;
    GzipDecompressor& operator=(GzipDecompressor&&) noexcept;

    /// Appends at most `most` bytes to `out` and takes what it used off the front of `input`. Call again
    /// while input is left or `most` bytes were added. `Errc::malformed` for what is no gzip,
    /// `Errc::limit_exceeded` for a bomb.
    Result<void> read(std::string_view& input, std::string& out, std::size_t most = 64 * 1024);

    /// At the end of the input: an error when the stream was cut off.
    [[nodiscard]] Result<void> finish() const;

    void reset();

private:
    struct Stream;

    Options options_;
    std::unique_ptr<Stream> stream_;
};

Result<std::string> gunzip(std::string_view input, GzipDecompressor::Options options = {});

}  // namespace flotilla::http

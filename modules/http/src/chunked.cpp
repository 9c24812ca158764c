#include "flotilla/http/chunked.hpp"

#include <algorithm>
#include <limits>

#include "escape.hpp"
#include "field_block.hpp"
#include "rejects.hpp"
#include "scan.hpp"

namespace flotilla::http {

using namespace detail;

namespace {

constexpr unsigned max_size_digits = 16;

const Reject* check_trailer(KnownField known) noexcept {
    switch (known) {
        case KnownField::content_length:
        case KnownField::transfer_encoding:
        case KnownField::host:
        case KnownField::authorization:
        case KnownField::cookie:
            return &forbidden_trailer;
        default:
            return nullptr;
    }
}

}  // namespace

void ChunkedDecoder::reset() noexcept {
    phase_ = Phase::size;
    digits_ = 0;
    left_ = announced_ = 0;
    extension_bytes_ = 0;
    trailer_text_.clear();
    block_.start(0);
    trailers_.clear();
    reject_ = nullptr;
}

ChunkedDecoder::Step ChunkedDecoder::next(std::string_view input) {
    std::size_t at = 0;
    while (phase_ < Phase::done && reject_ == nullptr) {
        if (at == input.size()) return {State::need_more, at, {}};
        switch (phase_) {
            case Phase::size:
            case Phase::extension:
            case Phase::size_lf:
                reject_ = read_size(input, at);
                break;
            case Phase::data: {
                const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - at));
                left_ -= size;
                if (left_ == 0) phase_ = Phase::data_cr;
                return {State::data, at + size, input.substr(at, size)};
            }
            case Phase::data_cr:
                if (input[at++] != '\r') reject_ = &chunk_without_end;
                phase_ = Phase::data_lf;
                break;
            case Phase::data_lf:
                if (input[at++] != '\n') reject_ = &chunk_without_end;
                phase_ = Phase::size;
                digits_ = 0;
                break;
            case Phase::trailers:
                reject_ = read_trailers(input, at);
                break;
            case Phase::done:
            case Phase::rejected:
                break;
        }
    }
    if (reject_ != nullptr) phase_ = Phase::rejected;
    return {phase_ == Phase::done ? State::done : State::rejected, at, {}};
}

const Reject* ChunkedDecoder::read_size(std::string_view input, std::size_t& at) {
    if (phase_ == Phase::size) {
        for (; at < input.size(); ++at) {
            const int digit = hex_value(input[at]);
            if (digit < 0) break;
            if (digits_ == max_size_digits) return &chunk_size_too_long;
            left_ = (digits_ == 0 ? 0 : left_ << 4) | static_cast<std::uint64_t>(digit);
            ++digits_;
        }
        if (at == input.size()) return nullptr;
        const char c = input[at++];
        if (c == '\n') return &chunk_line_end;
        if (digits_ == 0 || (c != '\r' && c != ';')) return &bad_chunk_size;
        phase_ = c == '\r' ? Phase::size_lf : Phase::extension;
        if (c == ';' && ++extension_bytes_ > options_.extension_bytes) return &chunk_extensions_too_long;
    }
    if (phase_ == Phase::extension) {
        // Cut off at the limit, so that the outcome does not depend on how the bytes were split.
        const std::size_t allowed = options_.extension_bytes - extension_bytes_;
        const std::size_t stop = at + std::min(input.size() - at, allowed);
        const char* const end = skip_value(input.data() + at, input.data() + stop);
        const auto reached = static_cast<std::size_t>(end - input.data());
        extension_bytes_ += reached - at;
        at = reached;
        if (at == input.size()) return nullptr;
        if (input[at] == '\r') {
            ++at;
            phase_ = Phase::size_lf;
        } else if (at == stop) {
            return &chunk_extensions_too_long;
        } else {
            return input[at] == '\n' ? &chunk_line_end : &bad_chunk_extension;
        }
    }
    if (at == input.size()) return nullptr;
    if (input[at++] != '\n') return &chunk_line_end;
    size_line_ended();
    return nullptr;
}

void ChunkedDecoder::size_line_ended() noexcept {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    announced_ = left_ > most - announced_ ? most : announced_ + left_;
    if (left_ == 0) block_.start(0);
    phase_ = left_ == 0 ? Phase::trailers : Phase::data;
}

const Reject* ChunkedDecoder::read_trailers(std::string_view input, std::size_t& at) {
    // By lines, as what follows the last of them is not ours.
    const std::size_t newline = input.find('\n', at);
    const std::size_t end = newline == std::string_view::npos ? input.size() : newline + 1;
    trailer_text_.append(input.substr(at, end - at));
    at = end;
    bool starved = false;
    const Reject* reject = read_fields(
        block_,
        trailer_text_,
        options_.trailers,
        UnderscoreFields::drop,
        starved,
        [](KnownField known, std::string_view, std::string_view) { return check_trailer(known); }
    );
    if (reject == nullptr && !starved) {
        materialise(block_, trailer_text_.data(), trailers_);
        phase_ = Phase::done;
    }
    return reject;
}

ChunkHeader::ChunkHeader(std::uint64_t size) noexcept : begin_(text_.size()) {
    text_[--begin_] = '\n';
    text_[--begin_] = '\r';
    do {
        text_[--begin_] = "0123456789abcdef"[size & 15];
        size >>= 4;
    } while (size != 0);
}

void append_chunk(std::string& out, std::string_view data) {
    if (data.empty()) return;
    out.append(ChunkHeader(data.size()).text()).append(data).append(chunk_end);
}

}  // namespace flotilla::http

#pragma once
/// Where JSON text is put together: a block on the stack, handed to the string when it is full and at the
/// end. Small pieces cost their own moves and nothing else.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace flotilla::reflect::detail {

class Writer {
public:
    explicit Writer(std::string& out) noexcept : out_(out) {}

    ~Writer() { flush(); }

    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    void put(char c) {
        make_room(1);
        *at_++ = c;
    }

    /// Text that goes out as it is: names, words, numbers. At most `longest_piece`.
    void put(std::string_view piece) {
        make_room(piece.size());
        std::memcpy(at_, piece.data(), piece.size());
        at_ += piece.size();
    }

    void put(char first, std::string_view rest) {
        make_room(1 + rest.size());
        *at_++ = first;
        std::memcpy(at_, rest.data(), rest.size());
        at_ += rest.size();
    }

    /// In quotes, with escapes.
    void string(std::string_view text);
    void number(double value);
    void number(float value);

    template <std::integral I>
    void integer(I value) {
        make_room(longest_integer);
        auto magnitude = static_cast<std::uint64_t>(value);
        if constexpr (std::is_signed_v<I>) {
            if (value < 0) {
                *at_++ = '-';
                magnitude = 0 - magnitude;
            }
        }
        at_ = put_digits(at_, magnitude);
    }

    /// The string with all that was written, for those who append to it themselves.
    std::string& flushed() {
        flush();
        return out_;
    }

    static constexpr std::size_t longest_piece = 256;

private:
    static constexpr std::size_t longest_integer = 20;  // with its sign

    static char* put_digits(char* to, std::uint64_t value) noexcept;

    void make_room(std::size_t size) {
        if (static_cast<std::size_t>(block_ + sizeof block_ - at_) < size) flush();
    }

    /// Seldom needed, and not to be had at each place that may need it.
    [[gnu::noinline]] void flush() {
        out_.append(block_, at_);
        at_ = block_;
    }

    std::string& out_;
    char block_[1024];  // NOLINT(modernize-avoid-c-arrays): not filled before it is written
    char* at_ = block_;
};

}  // namespace flotilla::reflect::detail

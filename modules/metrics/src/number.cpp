#include "number.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace flotilla::metrics::detail {

void append_integer(std::string& out, std::uint64_t value) {
    char digits[20];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
    out.append(digits, end);
}

void append_java_double(std::string& out, double value) {
    if (std::isnan(value)) {
        out += "NaN";
        return;
    }
    if (std::isinf(value)) {
        out += value > 0 ? "+Inf" : "-Inf";
        return;
    }
    char buffer[40];
    const double size = std::fabs(value);
    if (size < 1e7 && size == std::trunc(size)) {
        char* const sign = buffer;
        *sign = '-';
        char* const begin = std::signbit(value) ? sign : sign + 1;
        char* const end = std::to_chars(sign + 1, buffer + 20, static_cast<std::uint32_t>(size)).ptr;
        std::memcpy(end, ".0", 2);
        out.append(begin, end + 2);
        return;
    }
    const auto scientific = size >= 1e7 || size < 1e-3;
    const auto format = scientific ? std::chars_format::scientific : std::chars_format::fixed;
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, format);
    const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
    if (!scientific) {
        out += text;  // not whole, so it has its point
        return;
    }
    // "1e-05" becomes "1.0E-5".
    const std::size_t e = text.find('e');
    const std::string_view digits = text.substr(0, e);
    out += digits;
    if (digits.find('.') == digits.npos) out += ".0";
    out += 'E';
    std::string_view exponent = text.substr(e + 1);
    if (exponent.front() == '-') out += '-';
    exponent.remove_prefix(1);
    if (exponent.front() == '0') exponent.remove_prefix(1);
    out += exponent;
}

std::string java_double(double value) {
    std::string out;
    append_java_double(out, value);
    return out;
}

}  // namespace flotilla::metrics::detail

#include "flotilla/http/header_block.hpp"

#include <algorithm>

#include "field_line.hpp"
#include "flotilla/base/assert.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/http/message_writer.hpp"
#include "scan.hpp"

namespace flotilla::http {

namespace {

bool is_control(char c) noexcept {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

}  // namespace

void HeaderBlock::add_checked(std::string_view name, std::string_view value) {
    detail::append_line(text_, name, value);
}

void HeaderBlock::add(std::string_view name, std::string_view value) {
    if (detail::skip_value(value.data(), value.data() + value.size()) != value.data() + value.size())
        return add(name, {value});
    FLT_ASSERT(is_token(name));
    detail::append_line(text_, name, value);
}

void HeaderBlock::add(std::string_view name, std::initializer_list<std::string_view> pieces) {
    FLT_ASSERT(is_token(name));
    text_ += name;
    text_ += ": ";
    const std::size_t begin = text_.size();
    for (const std::string_view piece : pieces) text_ += piece;
    const char* const end = text_.data() + text_.size();
    if (detail::skip_value(text_.data() + begin, end) != end)
        std::replace_if(text_.begin() + static_cast<std::ptrdiff_t>(begin), text_.end(), is_control, ' ');
    text_ += "\r\n";
}

void HeaderBlock::set(std::string_view name, std::string_view value) {
    remove(name);
    add(name, value);
}

void HeaderBlock::remove(std::string_view name) {
    for (std::size_t at = line_of(name, 0); at != std::string::npos; at = line_of(name, at))
        text_.erase(at, text_.find('\n', at) + 1 - at);
}

std::string_view HeaderBlock::find(std::string_view name) const noexcept {
    const std::size_t at = line_of(name, 0);
    if (at == std::string::npos) return {};
    const std::size_t begin = at + name.size() + 2;
    return std::string_view(text_).substr(begin, text_.find('\r', begin) - begin);
}

std::size_t HeaderBlock::line_of(std::string_view name, std::size_t from) const noexcept {
    const std::string_view all(text_);
    while (from < all.size()) {
        const std::string_view line = all.substr(from);
        if (line.size() > name.size() && line[name.size()] == ':' && istarts_with(line, name)) return from;
        from = all.find('\n', from) + 1;
        if (from == 0) break;
    }
    return std::string::npos;
}

}  // namespace flotilla::http

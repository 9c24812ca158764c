#include <fmt/format.h>

#include <algorithm>

#include "flotilla/remote/http_cache.hpp"

namespace flotilla::remote {

http::ClientResponse StoredAnswer::answer(TimePoint now) const {
    auto head = std::make_unique<http::ClientResponseHead>();
    head->status = status;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age(now)).count();
    const std::string age_text = fmt::format("Age{}", std::max<std::int64_t>(0, seconds));
    std::size_t length = reason.size() + age_text.size();
    for (const auto& [name, value] : fields) length += name.size() + value.size();
    head->text.reserve(length);  // the views stay valid
    const auto copy = [&](std::string_view text) {
        const std::size_t at = head->text.size();
        head->text += text;
        return std::string_view(head->text).substr(at);
    };
    head->reason = copy(reason);
    for (const auto& [name, value] : fields) {
        const std::string_view kept_name = copy(name);
        head->fields.add(kept_name, copy(value));
    }
    const std::string_view age_field = copy(age_text);
    head->fields.add(age_field.substr(0, 3), age_field.substr(3));
    return {std::move(head), *body};
}

std::size_t StoredAnswer::size() const noexcept {
    constexpr std::size_t overhead = 512;  // of the entry itself, about
    std::size_t sum = overhead + reason.size() + body->size();
    for (const auto& [name, value] : fields) sum += name.size() + value.size() + 2 * sizeof(std::string);
    for (const auto& [name, value] : vary) sum += name.size() + value.size() + 2 * sizeof(std::string);
    return sum;
}

}  // namespace flotilla::remote

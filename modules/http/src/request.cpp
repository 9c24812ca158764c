#include "flotilla/http/request.hpp"

#include "flotilla/http/percent.hpp"

namespace flotilla::http {

std::optional<std::string> Request::query_parameter(std::string_view name) const {
    return UrlEncoded(query()).get(name);
}

std::vector<std::string> Request::query_parameters(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& pair : UrlEncoded(query()))
        if (pair.is_named(name)) values.push_back(pair.value());
    return values;
}

std::optional<std::string_view> Request::path_parameter(std::string_view name) const noexcept {
    for (const auto& parameter : path_parameters())
        if (parameter.name == name) return parameter.value;
    return std::nullopt;
}

std::string Request::base_url() const {
    std::string url = secure_ ? "https://" : "http://";
    url += head_->host.empty() ? std::string_view("localhost") : head_->host;
    return url;
}

}  // namespace flotilla::http

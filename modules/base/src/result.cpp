#include "flotilla/base/result.hpp"

namespace flotilla {

namespace {

class FlotillaCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "flotilla"; }

    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::invalid_argument:
                return "invalid argument";
            case Errc::malformed:
                return "malformed input";
            case Errc::not_found:
                return "not found";
            case Errc::conflict:
                return "conflict";
            case Errc::limit_exceeded:
                return "limit exceeded";
            case Errc::timed_out:
                return "timed out";
            case Errc::cancelled:
                return "cancelled";
            case Errc::refused:
                return "refused";
            case Errc::closed:
                return "closed by the other side";
            case Errc::unavailable:
                return "unavailable";
            case Errc::unsupported:
                return "not supported";
            case Errc::io:
                return "input/output error";
            case Errc::internal:
                return "internal error";
        }
        return "unknown error";
    }
};

}  // namespace

const std::error_category& flotilla_category() noexcept {
    static const FlotillaCategory category;
    return category;
}

std::error_code make_error_code(Errc code) noexcept {
    return {static_cast<int>(code), flotilla_category()};
}

std::string Error::message() const {
    return context_.empty() ? code_.message() : context_;
}

Error Error::within(std::string_view outer) const {
    std::string context(outer);
    context += ": ";
    context += message();
    return {code_, std::move(context)};
}

}  // namespace flotilla

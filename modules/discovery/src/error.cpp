#include "flotilla/discovery/error.hpp"

namespace flotilla::discovery {

namespace {

class Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "discovery"; }

    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<DiscoveryErrc>(value)) {
            case DiscoveryErrc::no_instances:
                return "no instances available";
            case DiscoveryErrc::unreachable:
                return "no registry answers";
            case DiscoveryErrc::refused:
                return "the registry refuses";
        }
        return "unknown discovery error";
    }
};

}  // namespace

const std::error_category& discovery_category() noexcept {
    static const Category category;
    return category;
}

std::error_code make_error_code(DiscoveryErrc code) noexcept {
    return {static_cast<int>(code), discovery_category()};
}

std::unexpected<Error> fail(DiscoveryErrc code, std::string context) {
    return std::unexpected(Error(make_error_code(code), std::move(context)));
}

}  // namespace flotilla::discovery

#include "secrets.hpp"

#include <string>
#include <string_view>

namespace flotilla::actuator {

bool tells_secret(const config::Environment& environment, const config::Property& property) {
    if (property.encrypted) return true;
    if (property.text().find("${") == std::string_view::npos) return false;
    const auto resolved = environment.resolved(property);
    const std::string_view text = resolved.string_or("");
    for (const config::SourcePtr& source : environment.sources()) {
        for (const config::Property& other : source->properties()) {
            if (!other.encrypted) continue;
            const std::string secret(other.text());
            if (!secret.empty() && text.find(secret) != std::string_view::npos) return true;
        }
    }
    return false;
}

}  // namespace flotilla::actuator

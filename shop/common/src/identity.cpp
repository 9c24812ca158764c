#include "flotilla/shop/identity.hpp"

#include "flotilla/base/encoding.hpp"
#include "flotilla/crypto/digest.hpp"

namespace flotilla::shop {

std::string new_uuid() {
    std::string bytes = crypto::random_bytes(16);
    bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
    std::string text = to_hex(bytes);
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, 1, '-');
    return text;
}

std::string default_instance_id() {
    return "${spring.application.name}:${spring.application.instance_id:" + to_hex(crypto::random_bytes(6)) +
           "}";
}

std::string instance_id_of(const config::Environment& environment) {
    return environment.get_or("eureka.instance.instance-id", "");
}

void sign_answers(http::Router& router, std::string instance_id) {
    router.after("/", [id = std::move(instance_id)](const http::Request&, http::Response& response) {
        response.set("X-Instance-Id", id);
        if (!response.headers().contains("Cache-Control")) response.set("Cache-Control", "no-store");
    });
}

}  // namespace flotilla::shop

#include "flotilla/crypto/password.hpp"

#include <crypt.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "flotilla/base/text.hpp"
#include "flotilla/crypto/digest.hpp"

namespace flotilla::crypto {

namespace {

constexpr unsigned min_cost = 4;
/// 2^18 rounds take some ten seconds; a hash that asks for more is a mistake or an attack.
constexpr unsigned max_cost = 18;
constexpr std::size_t hash_length = 60;

bool can_be_hashed(std::string_view password) noexcept {
    return password.size() <= max_password_bytes && !password.contains('\0');
}

/// crypt's working memory holds the password in the clear: wiped when done.
struct WorkArea {
    WorkArea() = default;
    WorkArea(const WorkArea&) = delete;
    WorkArea& operator=(const WorkArea&) = delete;

    ~WorkArea() { wipe(&data, sizeof data); }

    crypt_data data{};
};

/// Empty when the setting is not understood.
std::string bcrypt(std::string_view password, std::string_view setting) {
    const auto work = std::make_unique<WorkArea>();
    char text[max_password_bytes + 1] = {};
    password.copy(text, max_password_bytes);
    const std::string setting_text(setting);
    const char* const hash = crypt_rn(text, setting_text.c_str(), &work->data, sizeof work->data);
    wipe(text, sizeof text);
    return hash ? std::string(hash) : std::string();
}

std::string new_setting(unsigned cost) {
    const std::string salt = random_bytes(16);
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    const char* const made =
        crypt_gensalt_rn("$2a$", cost, salt.data(), static_cast<int>(salt.size()), setting, sizeof setting);
    return made ? std::string(made) : std::string();
}

/// The cost of a well-formed hash.
Result<unsigned> cost_of(std::string_view hash) {
    const bool shaped = hash.size() == hash_length && hash.starts_with("$2") &&
                        std::string_view("aby").contains(hash[2]) && hash[3] == '$' && hash[6] == '$' &&
                        std::ranges::all_of(hash.substr(7), [](char c) {
                            return is_ascii_alpha(c) || is_ascii_digit(c) || c == '.' || c == '/';
                        });
    const auto cost = shaped ? parse_integer<unsigned>(hash.substr(4, 2)) : std::nullopt;
    if (!cost || *cost < min_cost) return fail(Errc::malformed, "not a bcrypt hash");
    if (*cost > max_cost) return fail(Errc::limit_exceeded, "bcrypt cost over 18");
    return *cost;
}

}  // namespace

Result<std::string> hash_password(std::string_view password, unsigned cost) {
    if (cost < min_cost || cost > max_cost)
        return fail(Errc::invalid_argument, "bcrypt cost must be 4 to 18");
    if (password.size() > max_password_bytes)
        return fail(Errc::limit_exceeded, "password longer than 72 bytes");
    if (!can_be_hashed(password)) return fail(Errc::invalid_argument, "password contains a NUL character");
    std::string hash = bcrypt(password, new_setting(cost));
    if (hash.size() != hash_length) return fail(Errc::internal, "bcrypt is not available");
    return hash;
}

Result<bool> verify_password(std::string_view password, std::string_view hash) {
    FLT_CHECK(cost_of(hash));
    if (!can_be_hashed(password)) return false;
    const std::string again = bcrypt(password, hash);
    if (again.size() != hash_length) return fail(Errc::malformed, "not a bcrypt hash");
    return equal_in_constant_time(again, hash);
}

bool verify_nothing(std::string_view password, unsigned cost) {
    // A password that nobody can have is refused at once here, as it is for a user who exists.
    [[maybe_unused]] const auto only_time_counts = hash_password(password, cost);
    return false;
}

}  // namespace flotilla::crypto

#include "flotilla/shop/user/user_rules.hpp"

#include <algorithm>

#include "flotilla/crypto/password.hpp"

namespace flotilla::shop::user {

namespace {

constexpr std::size_t shortest_email = 2;
constexpr std::size_t shortest_name = 2;
constexpr std::size_t shortest_password = 8;
/// RFC 5321, 4.5.3.1.1.
constexpr std::size_t longest_local_part = 64;

/// Of UTF-8 text.
std::size_t characters(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool has_control(std::string_view text) noexcept {
    return std::ranges::any_of(text, is_control);
}

bool in_local_part(char c) noexcept {
    return !is_control(c) && std::string_view(" ()<>[],;:\\\"@").find(c) == std::string_view::npos;
}

/// Letters and digits of any alphabet, and hyphens.
bool in_host(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0x80) != 0 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/// Parts with something in each, between single dots.
bool dotted(std::string_view text) noexcept {
    return !text.empty() && !text.starts_with('.') && !text.ends_with('.') &&
           text.find("..") == std::string_view::npos;
}

Outcome<void> verdict(std::vector<FieldProblem> wrong) {
    if (wrong.empty()) return {};
    return refuse(Problem::invalid(std::move(wrong)));
}

}  // namespace

bool is_email(std::string_view text) noexcept {
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || at > longest_local_part) return false;
    const std::string_view local = text.substr(0, at);
    const std::string_view host = text.substr(at + 1);
    return dotted(local) && dotted(host) && std::ranges::all_of(local, in_local_part) &&
           std::ranges::all_of(host, in_host);
}

void UserRules::check_email(Complaints& wrong, const Text& email) const {
    const auto complain = [&](const std::string& message) { wrong.push_back({"email", message}); };
    if (!email) return complain(messages_.email_null);
    if (characters(*email) > longest_email) complain(messages_.email_long);
    if (profile_ == Profile::course) return;
    if (characters(*email) < shortest_email) complain(messages_.email_short);
    if (!is_email(*email)) complain(messages_.email_form);
}

void UserRules::check_name(Complaints& wrong, const Text& name) const {
    const auto complain = [&](const std::string& message) { wrong.push_back({"name", message}); };
    if (!name) return complain(messages_.name_null);
    if (characters(*name) > longest_name) complain(messages_.name_long);
    if (profile_ == Profile::course) return;
    if (characters(*name) < shortest_name) complain(messages_.name_short);
    if (has_control(*name)) complain(messages_.name_form);
}

void UserRules::check_password(
    Complaints& wrong, const char* field, const Text& password, const std::string& too_short
) const {
    const auto complain = [&](const std::string& message) { wrong.push_back({field, message}); };
    if (!password) return complain(messages_.password_null);
    if (password->size() > crypto::max_password_bytes) complain(messages_.password_long);
    if (password->find('\0') != std::string::npos) complain(messages_.password_form);
    if (profile_ == Profile::course) return;
    if (characters(*password) < shortest_password) complain(too_short);
}

Outcome<void> UserRules::check(const NewUser& in) const {
    Complaints wrong;
    check_email(wrong, in.email);
    check_name(wrong, in.name);
    check_password(wrong, "pwd", in.pwd, messages_.new_password_short);
    return verdict(std::move(wrong));
}

Outcome<void> UserRules::check(const Credentials& in) const {
    Complaints wrong;
    check_email(wrong, in.email);
    check_password(wrong, "password", in.password, messages_.login_password_short);
    return verdict(std::move(wrong));
}

Outcome<void> UserRules::check(const UserEdit& in) const {
    Complaints wrong;
    check_name(wrong, in.name);
    return verdict(std::move(wrong));
}

}  // namespace flotilla::shop::user

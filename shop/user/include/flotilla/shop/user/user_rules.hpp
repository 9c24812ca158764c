#pragma once
/// What may be registered, and what may log in: the rules of the course with its words. Pure.

#include <optional>
#include <string>

#include "flotilla/reflect/describe.hpp"
#include "flotilla/shop/identity.hpp"
#include "flotilla/shop/problem.hpp"

namespace flotilla::shop::user {

/// Of the columns, in characters.
inline constexpr std::size_t longest_email = 50;
inline constexpr std::size_t longest_name = 50;

/// The body of POST /users.
struct NewUser {
    std::optional<std::string> email;
    std::optional<std::string> name;
    std::optional<std::string> pwd;
};

FLT_DESCRIBE(NewUser, email, name, pwd)

/// The body of POST /login.
struct Credentials {
    std::optional<std::string> email;
    std::optional<std::string> password;
};

FLT_DESCRIBE(Credentials, email, password)

/// The body of PATCH /users/{userId}.
struct UserEdit {
    std::optional<std::string> name;
};

FLT_DESCRIBE(UserEdit, name)

/// `shop.user.messages.*`: a bundle whose defaults are the course's, letter by letter.
struct UserMessages {
    std::string email_null = "Email cannot be null";
    std::string email_short = "Email not be less than two characters";
    std::string email_form = "must be a well-formed email address";
    std::string email_long = "Email must not have more than 50 characters";
    std::string name_null = "Name cannot be null";
    std::string name_short = "Name not be less than two characters";
    std::string name_long = "Name must not have more than 50 characters";
    std::string name_form = "Name must not have control characters";
    std::string password_null = "Password cannot be null";
    std::string new_password_short = "Password must be equal or grater than 8 characters";
    std::string login_password_short = "Password must be equals or grater than 8 characters";
    std::string password_long = "Password must not have more than 72 bytes";
    std::string password_form = "Password must not have NUL characters";
};

FLT_DESCRIBE_CONFIG(
    UserMessages,
    (email_null, "An e-mail is missing."),
    (email_short, "An e-mail is too short."),
    (email_form, "An e-mail is none."),
    (email_long, "An e-mail does not fit its column."),
    (name_null, "A name is missing."),
    (name_short, "A name is too short."),
    (name_long, "A name does not fit its column."),
    (name_form, "A name cannot be printed."),
    (password_null, "A password is missing."),
    (new_password_short, "A password is too short to be registered."),
    (login_password_short, "A password is too short to be anybody's."),
    (password_long, "A password is longer than bcrypt reads."),
    (password_form, "A password is one that bcrypt would cut.")
)

/// Checks bodies as a profile wants it. The course enforces none of its own rules, so there only what could
/// not be stored is refused.
class UserRules {
public:
    UserRules(Profile profile, UserMessages messages) : profile_(profile), messages_(std::move(messages)) {}

    /// 400 with everything that is wrong.
    [[nodiscard]] Outcome<void> check(const NewUser& in) const;
    [[nodiscard]] Outcome<void> check(const Credentials& in) const;
    [[nodiscard]] Outcome<void> check(const UserEdit& in) const;

private:
    using Complaints = std::vector<FieldProblem>;
    using Text = std::optional<std::string>;

    void check_email(Complaints& wrong, const Text& email) const;
    void check_name(Complaints& wrong, const Text& name) const;
    void check_password(
        Complaints& wrong, const char* field, const Text& password, const std::string& too_short
    ) const;

    Profile profile_;
    UserMessages messages_;
};

/// Something before the `@` and a host behind it, as Hibernate's `@Email` takes it.
bool is_email(std::string_view text) noexcept;

}  // namespace flotilla::shop::user

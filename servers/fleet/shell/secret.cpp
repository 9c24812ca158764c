#include "secret.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"

namespace flotilla::fleet {

namespace {

bool is_plain(char c) {
    return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-';
}

Result<void> make(const std::string& path) {
    std::array<char, 64> bytes{};
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return fail(Errc::io, "the system gives no random bytes");
    const std::string text = to_base64url(std::string_view(bytes.data(), bytes.size())) + '\n';
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return fail(Errc::io, fmt::format("cannot write {}", path));
    const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    close(file);
    if (!written) return fail(Errc::io, fmt::format("cannot write {}", path));
    return {};
}

}  // namespace

Result<std::string> kept_secret(const std::string& folder, const std::string& name) {
    if (name.empty() || !std::ranges::all_of(name, is_plain))
        return fail(
            Errc::invalid_argument, fmt::format("secret.{}: a name is letters, digits and dashes", name)
        );
    const std::string path = fmt::format("{}/{}", folder, name);
    mkdir(folder.c_str(), 0700);
    if (access(path.c_str(), F_OK) != 0) FLT_CHECK(make(path));
    std::ifstream file(path);
    std::string text;
    if (!std::getline(file, text) || text.empty())
        return fail(Errc::io, fmt::format("there is no secret in {}", path));
    return text;
}

}  // namespace flotilla::fleet

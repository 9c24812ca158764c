#pragma once
/// What a load run leaves for shop-verify: a line of JSON for each user, each order that was acknowledged
/// (201) and each that nobody knows about.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/reflect/describe.hpp"

namespace flotilla::shop::driver {

enum class JournalKind : std::uint8_t {
    user,
    order,  ///< answered 201
    lost,   ///< sent, and never heard of: it may be there, once
};

FLT_DESCRIBE_ENUM(JournalKind, user, order, lost)

/// Members that a kind does not have are empty.
struct JournalLine {
    JournalKind kind = JournalKind::order;
    std::string user_id;
    std::string email{};
    std::string token{};  ///< of a user: shop-verify asks for his orders with it
    std::string order_id{};
    std::string product_id{};
    std::int64_t qty = 0;
    std::string key{};  ///< `Idempotency-Key`

    friend bool operator==(const JournalLine&, const JournalLine&) = default;
};

FLT_DESCRIBE(
    JournalLine,
    kind,
    user_id,
    (email, omit_empty),
    (token, omit_empty),
    (order_id, omit_empty),
    (product_id, omit_empty),
    qty,
    (key, omit_empty)
)

/// Appends lines to a file that its user alone may read. Each is handed to the system at once, so that a
/// killed run leaves what it knew.
class JournalWriter {
public:
    static Result<JournalWriter> open(const std::string& path);

    void write(const JournalLine& line);
    /// Says whether everything arrived.
    Result<void> close();

private:
    struct Closer {
        void operator()(std::FILE* file) const noexcept { std::fclose(file); }
    };

    JournalWriter(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}

    std::string path_;
    std::unique_ptr<std::FILE, Closer> file_;
    bool failed_ = false;
};

/// An unfinished last line, as a killed run leaves it, is passed over; anything else malformed is an error
/// that names its line.
Result<std::vector<JournalLine>> parse_journal(std::string_view text);
Result<std::vector<JournalLine>> read_journals(std::span<const std::string_view> paths);

}  // namespace flotilla::shop::driver

#include "flotilla/sql/dialect.hpp"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "flotilla/base/assert.hpp"
#include "flotilla/base/text.hpp"
#include "statement_text.hpp"

namespace flotilla::sql {

namespace {

constexpr std::string_view sqlite_now = "(strftime('%Y-%m-%dT%H:%M:%fZ','now'))";

std::string list(std::span<const std::string_view> names) {
    return fmt::format("{}", fmt::join(names, ", "));
}

/// Reads a table definition piece by piece and writes SQLite's.
class SqliteDefinition {
public:
    explicit SqliteDefinition(std::string_view text) : text_(text) {}

    std::string translate() {
        while (at_ < text_.size()) {
            const std::string_view piece = next();
            if (!is_word(piece)) {
                if (!piece.empty() && piece.front() == '"') column_ = piece;
                out_ += piece;
                continue;
            }
            if (!translate_word(to_lower(piece))) {
                column_ = piece;
                out_ += piece;
            }
        }
        return std::move(out_);
    }

private:
    std::string_view next() {
        const std::size_t begin = at_;
        at_ = piece_end(text_, at_);
        return text_.substr(begin, at_ - begin);
    }

    /// The words, if they come next, with blanks between them, are skipped.
    bool skip(std::initializer_list<std::string_view> words) {
        const std::size_t begin = at_;
        for (const std::string_view word : words) {
            while (at_ < text_.size() && trim(text_.substr(at_, 1)).empty()) ++at_;
            if (at_ < text_.size() && iequals(next(), word)) continue;
            at_ = begin;
            return false;
        }
        return true;
    }

    /// `(50)`, if it comes next.
    std::string_view skip_size() {
        const std::size_t begin = at_;
        if (!skip({"("})) return {};
        const std::size_t close = text_.find(')', at_);
        if (close == std::string_view::npos) {
            at_ = begin;
            return {};
        }
        const std::string_view size = trim(text_.substr(at_, close - at_));
        at_ = close + 1;
        return size;
    }

    bool translate_word(const std::string& word) {
        if (word == "bigint" || word == "int" || word == "integer") {
            (void)skip_size();
            out_ +=
                skip({"auto_increment", "primary", "key"}) ? "integer primary key autoincrement" : "integer";
        } else if (word == "varchar" || word == "char") {
            const std::string_view size = skip_size();
            out_ += size.empty() ? std::string("text")
                                 : fmt::format("text check(length({}) <= {})", column_, size);
        } else if (word == "datetime" || word == "timestamp" || word == "mediumtext" || word == "longtext" ||
                   word == "tinytext" || word == "json") {
            (void)skip_size();
            out_ += "text";
        } else if (word == "current_timestamp" || word == "now") {
            (void)skip_size();
            out_ += sqlite_now;
        } else if (word == "boolean" || word == "tinyint" || word == "smallint") {
            (void)skip_size();
            out_ += "integer";
        } else if (word == "varbinary" || word == "binary" || word == "mediumblob" || word == "longblob") {
            (void)skip_size();
            out_ += "blob";
        } else {
            return false;
        }
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string_view column_;  // the word before the type
    std::string out_;
};

/// `create table` or `alter table`.
bool defines_table(std::string_view text) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size() && words.size() < 2;) {
        const std::size_t end = piece_end(text, at);
        if (const std::string_view piece = text.substr(at, end - at); is_word(piece))
            words.push_back(to_lower(piece));
        at = end;
    }
    return words.size() == 2 && (words[0] == "create" || words[0] == "alter") && words[1] == "table";
}

}  // namespace

std::string_view Dialect::name() const noexcept {
    return product_ == Product::sqlite ? "SQLite" : "MariaDB";
}

std::string_view Dialect::now() const noexcept {
    return product_ == Product::sqlite ? sqlite_now : "current_timestamp(3)";
}

std::string_view Dialect::for_update() const noexcept {
    return product_ == Product::sqlite ? "" : " for update";
}

std::string Dialect::upsert(
    std::string_view table,
    std::span<const std::string_view> columns,
    std::span<const std::string_view> keys,
    std::span<const std::string_view> updated
) const {
    FLT_ASSERT(!columns.empty() && !keys.empty());
    const std::vector<std::string_view> marks(columns.size(), "?");
    std::string text = fmt::format("insert into {}({}) values({})", table, list(columns), list(marks));
    std::vector<std::string> assignments;
    if (product_ == Product::sqlite) {
        if (updated.empty()) return text + fmt::format(" on conflict({}) do nothing", list(keys));
        for (const std::string_view column : updated)
            assignments.push_back(fmt::format("{0} = excluded.{0}", column));
        return text +
               fmt::format(" on conflict({}) do update set {}", list(keys), fmt::join(assignments, ", "));
    }
    if (updated.empty()) return text + fmt::format(" on duplicate key update {0} = {0}", keys.front());
    for (const std::string_view column : updated)
        assignments.push_back(fmt::format("{0} = values({0})", column));
    return text + fmt::format(" on duplicate key update {}", fmt::join(assignments, ", "));
}

std::string Dialect::ddl(std::string_view portable) const {
    if (!defines_table(portable)) return std::string(portable);
    if (product_ == Product::sqlite) return SqliteDefinition(portable).translate();
    std::string text(portable);
    if (first_word(portable) == "create" && !icontains(portable, "engine"))
        text += " engine=InnoDB default charset=utf8mb4 collate=utf8mb4_nopad_bin";
    return text;
}

}  // namespace flotilla::sql

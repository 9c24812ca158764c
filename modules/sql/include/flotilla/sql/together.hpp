#pragma once
/// Transactions of one kind, written so that many of them cost little more than one:
///
///     const auto taking = std::make_shared<const sql::Together<Wish, bool>>(take_one, take_all);
///     const auto taken = co_await company.at_once(db, taking, std::move(wish));

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "flotilla/base/assert.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/sql/statements.hpp"

namespace flotilla::sql {

namespace detail {

/// What one of them is given, and what becomes of it; its types are known to its kind alone.
struct Entry {
    Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    virtual ~Entry() = default;
};

/// A kind of transaction, for who does not know its types.
class Kind {
public:
    Kind() = default;
    Kind(const Kind&) = delete;
    Kind& operator=(const Kind&) = delete;
    virtual ~Kind() = default;

    virtual Result<void> write(Statements& tx, std::span<Entry* const> entries) const = 0;
};

}  // namespace detail

/// Both functions do nothing but SQL, on any thread, and own what they need.
template <class In, class Out>
class Together final : public detail::Kind {
public:
    using One = std::function<Result<Out>(Statements&, const In&)>;
    using All = std::function<Result<std::vector<Out>>(Statements&, std::span<const In* const>)>;

    struct Entry final : detail::Entry {
        explicit Entry(In given) : in(std::move(given)) {}

        const In in;
        std::optional<Out> out;
    };

    /// `one` writes one by itself. `all` writes two or more and gives an answer for each, in their order.
    /// What is out of the ordinary may be an error for it: then nothing that it wrote is kept, and `one`
    /// writes each.
    Together(One one, All all) : one_(std::move(one)), all_(std::move(all)) {}

    Result<void> write(Statements& tx, std::span<detail::Entry* const> entries) const override {
        if (entries.size() == 1) {
            FLT_TRY(Out out, one_(tx, own(entries[0]).in));
            own(entries[0]).out.emplace(std::move(out));
            return {};
        }
        std::vector<const In*> given;
        given.reserve(entries.size());
        for (detail::Entry* entry : entries) given.push_back(&own(entry).in);
        FLT_TRY(std::vector<Out> made, all_(tx, given));
        FLT_ASSERT(made.size() == entries.size());
        for (std::size_t i = 0; i < entries.size(); ++i) own(entries[i]).out.emplace(std::move(made[i]));
        return {};
    }

private:
    static Entry& own(detail::Entry* entry) noexcept { return static_cast<Entry&>(*entry); }

    const One one_;
    const All all_;
};

}  // namespace flotilla::sql

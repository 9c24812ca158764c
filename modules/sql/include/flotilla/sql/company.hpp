#pragma once
/// Transactions that travel together. Those that come while others are being written wait, and then share one
/// transaction and one commit: what many clients write at once costs a fraction, above all where they write
/// the same rows.
///
///     sql::Company company;
///     const auto taken = co_await company.at_once<bool>(db, body);

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "flotilla/sql/database.hpp"
#include "flotilla/sql/together.hpp"

namespace flotilla::sql {

struct CompanyConfig {
    /// Under way at a time; where writers take turns anyway: one. Bodies that change the same rows in
    /// different orders want one, or they are in each other's way.
    std::size_t groups = 1;
    /// Transactions in a group.
    std::size_t largest = 64;
    /// `read_only`: what they do is look, each with one statement, so it takes no transaction. Whoever comes
    /// while others look waits for the next look, which so begins after he came.
    Access access = Access::read_write;
};

/// Used from any loop, always with the same Database; the tasks that use it end before that does.
class Company {
public:
    explicit Company(CompanyConfig config = {});
    ~Company();
    Company(const Company&) = delete;
    Company& operator=(const Company&) = delete;

    /// As Database::at_once. Whoever is alone waits for nobody. When one body of a group fails, nothing of
    /// the group is kept and each goes on alone, so that it fails by itself; when it is not known whether the
    /// commit took effect, all are told so.
    template <class T>
    Task<Result<T>> at_once(Database& db, std::function<Result<T>(Statements&)> body) {
        const auto value = std::make_shared<std::optional<T>>();
        Load load{.body = keeping(std::move(body), value), .kind = {}, .entry = {}};
        const auto done = co_await run(db, std::move(load));
        if (!done) co_return flotilla::fail(done.error());
        co_return std::move(**value);
    }

    /// The same for one of a kind: those of a group are written together.
    template <class In, class Out>
    Task<Result<Out>> at_once(Database& db, std::shared_ptr<const Together<In, Out>> kind, In in) {
        const auto entry = std::make_shared<typename Together<In, Out>::Entry>(std::move(in));
        Load load{
            .body =
                [kind, entry](Statements& tx) {
                    detail::Entry* const only[] = {entry.get()};
                    return kind->write(tx, only);
                },
            .kind = kind,
            .entry = entry,
        };
        const auto done = co_await run(db, std::move(load));
        if (!done) co_return flotilla::fail(done.error());
        co_return std::move(*entry->out);
    }

private:
    using Body = std::function<Result<void>(Statements&)>;

    /// What a member wants written: its body by itself, or what it is with others of its kind, if it has one.
    struct Load {
        Body body;
        std::shared_ptr<const detail::Kind> kind;
        std::shared_ptr<detail::Entry> entry;
    };

    struct Member;
    struct Verdict;
    struct State;
    struct Voyage;
    class Group;
    class Presence;
    class Leadership;

    Task<Result<void>> run(Database& db, Load load);
    Task<> lead(std::shared_ptr<Pool> pool, std::shared_ptr<Member> member);

    std::shared_ptr<State> state_;
};

}  // namespace flotilla::sql

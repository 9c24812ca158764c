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

namespace flotilla::sql {

struct CompanyConfig {
    /// Under way at a time; where writers take turns anyway: one. Bodies that change the same rows in
    /// different orders want one, or they are in each other's way.
    std::size_t groups = 1;
    /// Transactions in a group.
    std::size_t largest = 64;
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
        Body work = keeping(std::move(body), value);
        const auto done = co_await run(db, std::move(work));
        if (!done) co_return flotilla::fail(done.error());
        co_return std::move(**value);
    }

private:
    using Body = std::function<Result<void>(Statements&)>;
    struct Member;
    struct Verdict;
    struct State;
    class Group;
    class Presence;
    class Leadership;

    Task<Result<void>> run(Database& db, Body body);
    Task<> lead(std::shared_ptr<Pool> pool, std::shared_ptr<Member> member);

    std::shared_ptr<State> state_;
};

}  // namespace flotilla::sql

#include "flotilla/shop/user/user_repository.hpp"

#include <limits>
#include <string>

#include "flotilla/base/task_context.hpp"
#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::shop::user {

namespace {

std::string select(std::string_view rest) {
    return std::string("select user_id, email, name, encrypted_pwd, version, created_at from users ")
        .append(rest);
}

/// What the task does meanwhile has that long.
class Limited {
public:
    explicit Limited(Duration limit) : task_(TaskContext::current()), former_(task_.deadline) {
        const TimePoint now = runtime::EventLoop::current().now();
        task_.deadline = former_.or_sooner(Deadline::after(now, limit));
    }

    ~Limited() { task_.deadline = former_; }

    Limited(const Limited&) = delete;
    Limited& operator=(const Limited&) = delete;

private:
    TaskContext& task_;
    Deadline former_;
};

/// So many that it is all.
constexpr std::int64_t no_limit = std::numeric_limits<std::int32_t>::max();

}  // namespace

Task<Result<std::vector<User>>> UserRepository::page(std::optional<std::int64_t> limit, std::string after)
    const {
    const Limited limited(limit_);
    const std::int64_t at_most = limit.value_or(no_limit);
    if (after.empty()) {
        const std::string query = select("order by id limit ?");
        co_return co_await source_->query<User>(query, at_most);
    }
    const std::string query =
        select("where id > (select u.id from users u where u.user_id = ?) order by id limit ?");
    co_return co_await source_->query<User>(query, after, at_most);
}

Task<Result<std::optional<User>>> UserRepository::find(std::string user_id) const {
    const Limited limited(limit_);
    const std::string query = select("where user_id = ?");
    co_return co_await source_->query_one<User>(query, user_id);
}

Task<Result<std::optional<User>>> UserRepository::find_by_email(std::string email) const {
    const Limited limited(limit_);
    const std::string query = select("where email = ?");
    co_return co_await source_->query_one<User>(query, email);
}

Task<Result<bool>> UserRepository::add(User user) const {
    const Limited limited(limit_);
    co_return co_await source_->insert_if_absent("users", user);
}

Task<Result<bool>> UserRepository::rename(User user) const {
    const Limited limited(limit_);
    FLT_CO_TRY(
        const auto changes,
        co_await source_->execute(
            "update users set name = ?, version = ? where user_id = ? and version = ?",
            user.name,
            user.version,
            user.user_id,
            user.version - 1
        )
    );
    co_return changes.rows == 1;
}

}  // namespace flotilla::shop::user

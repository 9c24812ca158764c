#include "flotilla/sql/company.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <vector>

#include "pool.hpp"
#include "trail.hpp"

namespace flotilla::sql {

/// What has become of a transaction.
struct Company::Verdict {
    bool alone = false;  ///< nothing was written: it goes on by itself
    Result<void> outcome{};
};

/// A group that is under way, as those see it who wait for it. Guarded by the State's mutex.
struct Company::Voyage {
    std::size_t aboard = 0;           // who still waits
    bool over = false;                // another group has taken its place
    std::function<void()> stop = {};  // of a work whose caller has left it to the others
};

/// One transaction and who waits for it.
struct Company::Member {
    Member(runtime::EventLoop& loop, Load what, Deadline until, const Clock& clock)
        : home(loop), load(std::move(what)), deadline(until), trail(clock) {}

    runtime::EventLoop& home;
    const Load load;
    const Deadline deadline;
    Trail trail;                       // the thread's, up to the verdict
    std::shared_ptr<Voyage> voyage{};  // guarded by the State's mutex
    // On the home loop only:
    runtime::Signal signal;
    bool leads = false;
    bool gone = false;
    std::optional<Verdict> verdict;
};

/// Who waits, and how many groups are under way. Outlives the Company where a message is on its way to a
/// loop.
struct Company::State : std::enable_shared_from_this<Company::State> {
    explicit State(CompanyConfig wanted) : config(wanted) {}

    /// Leads at once, or waits for whoever leads.
    void enter(const std::shared_ptr<Member>& member, std::size_t groups) {
        const std::lock_guard lock(mutex);
        if (leading < groups) {
            ++leading;
            member->leads = true;
        } else {
            waiting.push_back(member);
        }
    }

    /// What nobody waits for any more is stopped.
    void leave(const std::shared_ptr<Member>& member) {
        std::shared_ptr<Voyage> deserted;
        std::function<void()> stop;
        {
            const std::lock_guard lock(mutex);
            std::erase(waiting, member);
            if (member->voyage && --member->voyage->aboard == 0) {
                deserted = member->voyage;
                stop.swap(deserted->stop);
            }
        }
        if (stop) stop();
        if (deserted) end(*deserted);
    }

    /// Its caller has left: the last of the others takes care of it.
    void leave_behind(Voyage& voyage, std::function<void()> stop) {
        const std::lock_guard lock(mutex);
        if (!voyage.over) voyage.stop = std::move(stop);
    }

    /// The next group may go; once for each.
    void end(Voyage& voyage) {
        std::function<void()> stop;
        {
            const std::lock_guard lock(mutex);
            stop.swap(voyage.stop);
            if (std::exchange(voyage.over, true)) return;
        }
        pass_on();
    }

    /// Those who travel with `first`.
    std::vector<std::shared_ptr<Member>> gather(
        std::shared_ptr<Member> first, const std::shared_ptr<Voyage>& voyage
    ) {
        std::vector<std::shared_ptr<Member>> group{std::move(first)};
        const std::lock_guard lock(mutex);
        while (!waiting.empty() && group.size() < config.largest) {
            group.push_back(std::move(waiting.front()));
            waiting.pop_front();
        }
        voyage->aboard = group.size();
        for (const auto& member : group) member->voyage = voyage;
        return group;
    }

    /// Whoever has waited longest leads next.
    void pass_on() {
        std::shared_ptr<Member> next;
        {
            const std::lock_guard lock(mutex);
            if (waiting.empty()) {
                --leading;
                return;
            }
            next = std::move(waiting.front());
            waiting.pop_front();
        }
        next->home.post([self = shared_from_this(), next] {
            if (next->gone) return self->pass_on();
            next->leads = true;
            next->signal.notify_all();
        });
    }

    const CompanyConfig config;
    std::mutex mutex;
    std::size_t leading = 0;
    std::deque<std::shared_ptr<Member>> waiting;
};

/// Members on their way through one transaction. Every one of them gets a verdict, whatever happens: it comes
/// from the thread that writes, which alone knows; or from the end of a group that was never written.
class Company::Group final : public Heirs {
public:
    Group(std::shared_ptr<State> state, std::shared_ptr<Member> leader, const Pool& pool)
        : state_(std::move(state)),
          voyage_(std::make_shared<Voyage>()),
          patience_(leader->deadline),
          members_(state_->gather(std::move(leader), voyage_)),
          access_(state_->config.access),
          dialect_(pool.driver().info().dialect),
          traced_(pool.telemetry().tracer != nullptr) {}

    ~Group() {
        tell({.alone = true});
        state_->end(*voyage_);
    }

    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

    Result<Rows> write(Connection& connection, Deadline deadline) {
        bool committing = false;
        const auto done = attempt(connection, deadline, committing);
        if (done) {
            tell({});
            return Rows();
        }
        // After `busy` the transaction is over, and nothing of it is there.
        const bool busy = done.error().code() == SqlErrc::busy;
        tell({.alone = busy || (!committing && members_.size() > 1), .outcome = done});
        return flotilla::fail(done.error());
    }

    void tell(const Verdict& verdict) {
        for (const auto& member : std::exchange(members_, {}))
            member->home.post([member, verdict] {
                member->verdict.emplace(verdict);
                member->signal.notify_all();
            });
    }

    /// Of the most patient.
    [[nodiscard]] Deadline deadline() const {
        Deadline latest = patience_;
        for (const auto& member : members_) latest = std::max(latest, member->deadline);
        return latest;
    }

    void inherit(std::function<void()> stop) override { state_->leave_behind(*voyage_, std::move(stop)); }

    [[nodiscard]] Deadline patience() const override { return patience_; }

private:
    /// Members that are written together, or one.
    using Party = std::vector<Member*>;

    /// A body that throws shall do so alone.
    Result<void> attempt(Connection& connection, Deadline deadline, bool& committing) {
        try {
            const std::vector<Party> parties = by_kind();
            auto done = write_all(connection, deadline, parties, committing);
            const bool together = parties.size() < members_.size();
            const bool goes_on = connection.in_transaction() && !connection.broken();
            if (done || committing || !together || !goes_on) return done;
            // Something out of the ordinary: once more, one by one.
            FLT_CHECK(connection.rollback());
            for (const auto& member : members_) member->trail.steps.clear();
            return write_all(connection, deadline, one_by_one(), committing);
        } catch (...) {
            return fail(SqlErrc::busy, "another transaction of the group has thrown");
        }
    }

    Result<void> write_all(
        Connection& connection, Deadline deadline, const std::vector<Party>& parties, bool& committing
    ) {
        const bool writes = access_ == Access::read_write;
        if (writes) FLT_CHECK(connection.begin(access_, deadline));
        for (const Party& party : parties) FLT_CHECK(write_party(connection, deadline, party));
        if (!writes) return {};
        // Somebody has hung up: the others go on by themselves.
        if (connection.broken()) return fail(SqlErrc::timed_out, "the group was stopped before its commit");
        committing = true;
        return connection.commit(deadline);
    }

    Result<void> write_party(Connection& connection, Deadline deadline, const Party& party) const {
        Trail trail(party.front()->trail.clock);
        Statements statements(connection, dialect_, deadline, traced_ ? &trail : nullptr);
        auto done = write_party(statements, party);
        // All of them have waited for these statements.
        for (Member* member : party)
            member->trail.steps.insert(member->trail.steps.end(), trail.steps.begin(), trail.steps.end());
        return done;
    }

    static Result<void> write_party(Statements& statements, const Party& party) {
        const Load& first = party.front()->load;
        if (party.size() == 1) return first.body(statements);
        std::vector<detail::Entry*> entries;
        entries.reserve(party.size());
        for (const Member* member : party) entries.push_back(member->load.entry.get());
        return first.kind->write(statements, entries);
    }

    [[nodiscard]] std::vector<Party> by_kind() const {
        std::vector<Party> parties;
        for (const auto& member : members_) {
            const auto& kind = member->load.kind;
            const auto known = std::ranges::find_if(parties, [&](const Party& party) {
                return kind && party.front()->load.kind == kind;
            });
            if (known != parties.end())
                known->push_back(member.get());
            else
                parties.push_back({member.get()});
        }
        return parties;
    }

    [[nodiscard]] std::vector<Party> one_by_one() const {
        std::vector<Party> parties;
        for (const auto& member : members_) parties.push_back({member.get()});
        return parties;
    }

    const std::shared_ptr<State> state_;
    const std::shared_ptr<Voyage> voyage_;
    const Deadline patience_;  // of the one that leads
    std::vector<std::shared_ptr<Member>> members_;
    const Access access_;
    const Dialect dialect_;
    const bool traced_;
};

/// The caller's side: leaves no trace, however the wait ends.
class Company::Presence {
public:
    Presence(State& state, std::shared_ptr<Member> member) noexcept
        : state_(state), member_(std::move(member)) {}

    ~Presence() {
        member_->gone = true;
        state_.leave(member_);
        if (member_->leads) state_.pass_on();
    }

    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

private:
    State& state_;
    std::shared_ptr<Member> member_;
};

/// Of whoever gathers a group, which has it from then on.
class Company::Leadership {
public:
    explicit Leadership(State& state) noexcept : state_(state) {}

    ~Leadership() {
        if (!handed_on_) state_.pass_on();
    }

    Leadership(const Leadership&) = delete;
    Leadership& operator=(const Leadership&) = delete;

    void hand_on() noexcept { handed_on_ = true; }

private:
    State& state_;
    bool handed_on_ = false;
};

Company::Company(CompanyConfig config) : state_(std::make_shared<State>(config)) {}

Company::~Company() = default;

Task<Result<void>> Company::run(Database& db, Load load) {
    const std::shared_ptr<Pool> pool = db.pool();
    const auto member =
        std::make_shared<Member>(runtime::EventLoop::current(), load, pool->deadline(), pool->clock());
    {
        const Presence presence(*state_, member);
        const bool take_turns =
            pool->driver().info().single_writer && state_->config.access == Access::read_write;
        state_->enter(member, take_turns ? 1 : state_->config.groups);
        while (!member->verdict) {
            if (member->leads) {
                member->leads = false;
                co_await lead(pool, member);
                continue;
            }
            const runtime::Wake wake = co_await member->signal.wait(member->deadline);
            if (wake == runtime::Wake::timed_out && !member->verdict && !member->leads)
                co_return fail(SqlErrc::timed_out, "those before it took too long");
        }
    }
    if (member->verdict->alone)
        co_return co_await db.run_at_once(
            std::move(load.body), Database::usual_attempts, state_->config.access
        );
    member->trail.report(pool->telemetry(), pool->driver().info());
    co_return member->verdict->outcome;
}

Task<> Company::lead(std::shared_ptr<Pool> pool, std::shared_ptr<Member> member) {
    Leadership leadership(*state_);
    auto lease = co_await pool->acquire(state_->config.access, member->deadline);
    if (!lease) {
        member->verdict.emplace(Verdict{.outcome = flotilla::fail(std::move(lease).error())});
        co_return;
    }
    // As late as possible: whoever has come meanwhile comes along.
    const auto group = std::make_shared<Group>(state_, std::move(member), *pool);
    leadership.hand_on();
    const Deadline deadline = group->deadline();
    Work work = [group](Connection& connection, Deadline until) { return group->write(connection, until); };
    // The verdicts tell what has become of it.
    (void)co_await pool->perform(*lease, false, std::move(work), deadline, group.get());
}

}  // namespace flotilla::sql

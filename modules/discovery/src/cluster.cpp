#include "flotilla/discovery/cluster.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "flotilla/base/text.hpp"
#include "flotilla/base/thread_slot.hpp"
#include "outlier.hpp"

namespace flotilla::discovery {

namespace {

/// Spring begins somewhere in the first thousand, so that not all callers begin with the same instance.
constexpr std::uint64_t first_positions = 1000;
/// How finely weights grow during a slow start.
constexpr int slow_start_steps = 20;

std::string identity_of(const ServiceInstance& instance) {
    return instance.id + '\n' + instance.authority();
}

/// Deterministic subsetting, as in Google's SRE book, chapter 20: callers of one round share the instances
/// among them, each in another order from round to round.
void take_subset(std::vector<MemberRef>& members, std::size_t size, std::string_view caller) {
    if (members.size() <= size) return;
    const std::uint64_t number = detail::hash_of(caller);
    const std::size_t parts = members.size() / size;
    Random round(number / parts);
    for (std::size_t i = members.size() - 1; i > 0; --i) std::swap(members[i], members[round.below(i + 1)]);
    const auto first = members.begin() + static_cast<std::ptrdiff_t>(number % parts * size);
    members = std::vector<MemberRef>(first, first + static_cast<std::ptrdiff_t>(size));
}

bool is_failure(Outcome outcome) noexcept {
    return outcome != Outcome::success && outcome != Outcome::cancelled;
}

}  // namespace

/// What picks are made from. Immutable, but for the figures of members.
struct Cluster::List {
    std::vector<MemberRef> kept;  // who `candidates` points to
    std::vector<Candidate> candidates;
    std::unordered_map<std::string_view, std::size_t> by_id;
    std::unordered_map<std::uint64_t, std::size_t> by_hash;  // only where the same instance is preferred
    std::unique_ptr<const Picker> picker;
    TimePoint due = TimePoint::max();  // when the list may have to change by itself
};

/// A thread's own view; nobody else touches it.
struct alignas(64) Cluster::Slot {
    std::uint64_t version = 0;
    std::shared_ptr<const List> list;
    Random random{0};  // seeded with the first list
};

void Lease::finish(Outcome outcome, TimePoint now) {
    if (!member_) return;
    cluster_->ended(*member_, outcome, now - began_, now);
    release();
}

Cluster::Cluster(std::string service, BalancerConfig config, std::uint64_t seed, Listener listener)
    : service_(std::move(service)),
      config_(std::move(config)),
      listener_(std::move(listener)),
      list_(std::make_shared<const List>()),
      next_sweep_(TimePoint::max()),
      slots_(std::make_unique<Slot[]>(thread_slot_count)) {
    state_.position = static_cast<std::uint32_t>(Random(seed).below(first_positions));
}

Cluster::~Cluster() = default;

// The way of a call.

Lease Cluster::pick(const PickRequest& request) {
    const std::size_t number = thread_slot();
    if (number == thread_slot_count) [[unlikely]] {
        auto list = shared_list();
        if (request.now >= list->due) {
            catch_up(request.now);
            list = shared_list();
        }
        return pick_from(*list, request, Random::of_thread());
    }
    Slot& slot = slots_[number];
    if (slot.list && request.now >= slot.list->due) [[unlikely]]
        catch_up(request.now);
    if (slot.version != version_.load(std::memory_order_acquire)) [[unlikely]] {
        const std::lock_guard lock(mutex_);
        if (!slot.list) slot.random = Random(Random::of_thread()());
        slot.list = list_;
        slot.version = version_.load(std::memory_order_relaxed);
    }
    return pick_from(*slot.list, request, slot.random);
}

Lease Cluster::pick_from(const List& list, const PickRequest& request, Random& of_thread) {
    if (list.candidates.empty()) return {};
    Random& random = request.random ? *request.random : of_thread;
    if (config_.same_instance && request.sticky.empty() && request.avoid.empty())
        return {*this, *list.candidates[pick_same(list, request, random)].member, request.now};
    const bool choosy = !request.sticky.empty() || !request.hint.empty() || !request.avoid.empty();
    const std::size_t index =
        choosy ? pick_chosen(list, request, random) : list.picker->pick(request, random);
    return {*this, *list.candidates[index].member, request.now};
}

/// Wishes narrow the choice as long as anybody is left.
std::size_t Cluster::pick_chosen(const List& list, const PickRequest& request, Random& random) const {
    const auto tried = [&](const ServiceInstance& instance) {
        return std::find(request.avoid.begin(), request.avoid.end(), instance.id) != request.avoid.end();
    };
    if (!request.sticky.empty()) {
        const auto found = list.by_id.find(request.sticky);
        if (found != list.by_id.end() && !tried(list.candidates[found->second].member->instance()))
            return found->second;
    }
    const std::size_t size = list.candidates.size();
    const auto instance_at = [&](std::size_t index) -> const ServiceInstance& {
        return list.candidates[index].member->instance();
    };
    const auto hinted = [&](std::size_t index) { return instance_at(index).value("hint") == request.hint; };
    bool mind_hint = false;
    for (std::size_t i = 0; i < size && !request.hint.empty() && !mind_hint; ++i) {
        mind_hint = hinted(i) && !tried(instance_at(i));
    }
    const auto suits = [&](std::size_t index) {
        return (!mind_hint || hinted(index)) && !tried(instance_at(index));
    };
    std::size_t index = list.picker->pick(request, random);
    if (suits(index)) return index;
    // Asking again keeps the algorithm's spread; the rest is for those who always give the same answer.
    for (std::size_t i = 1; i < std::min<std::size_t>(size, 8); ++i) {
        const std::size_t other = list.picker->pick(request, random);
        if (suits(other)) return other;
    }
    for (std::size_t i = 1; i < size; ++i) {
        const std::size_t other = (index + i) % size;
        if (suits(other)) return other;
    }
    return index;
}

std::size_t Cluster::pick_same(const List& list, const PickRequest& request, Random& random) {
    const auto found = list.by_hash.find(state_.last.load(std::memory_order_relaxed));
    if (found != list.by_hash.end()) return found->second;
    const std::size_t index = list.picker->pick(request, random);
    const std::string& id = list.candidates[index].member->instance().id;
    state_.last.store(detail::hash_of(id), std::memory_order_relaxed);
    return index;
}

std::shared_ptr<const Cluster::List> Cluster::shared_list() const {
    const std::lock_guard lock(mutex_);
    return list_;
}

void Cluster::ended(Member& member, Outcome outcome, Duration taken, TimePoint now) {
    member.record(outcome, taken, now);
    if (!config_.outlier.enabled || !is_failure(outcome) || member.ejected()) return;
    const Verdict verdict = OutlierRules::after_failure(member, config_.outlier);
    if (!verdict.member) return;
    const std::lock_guard lock(mutex_);
    if (eject(member, verdict.reason, verdict.max_percent, now)) rebuild(now);
}

// What changes the list.

void Cluster::update(const InstanceList& list, TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (!list.known || list.version < list_version_) return;
    list_version_ = list.version;
    std::unordered_map<std::string, const MemberRef*> former;
    for (const MemberRef& member : members_) former.emplace(identity_of(member->instance()), &member);
    std::vector<MemberRef> next;
    next.reserve(list.instances.size());
    for (const ServiceInstance& instance : list.instances) {
        const auto found = former.find(identity_of(instance));
        const bool same_run =
            found != former.end() && (*found->second)->instance().incarnation == instance.incarnation;
        if (same_run && (*found->second)->instance() == instance) {
            next.push_back(*found->second);
        } else if (same_run) {
            const Member& old = **found->second;
            next.emplace_back(new Member(instance, old.first_seen_, old.warm_));
            next.back()->take_figures_of(old);
        } else {
            next.emplace_back(new Member(instance, now, !filled_));
        }
    }
    members_ = std::move(next);
    if (!filled_ && config_.outlier.enabled) next_sweep_ = now + config_.outlier.interval;
    filled_ = true;
    rebuild(now);
}

void Cluster::checked(std::string_view id, bool alive, TimePoint now) {
    const std::lock_guard lock(mutex_);
    bool changed = false;
    for (const MemberRef& member : members_) {
        if (member->instance().id != id) continue;
        if (member->alive() != alive) {
            member->alive_.store(alive, std::memory_order_relaxed);
            tell(
                alive ? ClusterEvent::Kind::check_passed : ClusterEvent::Kind::check_failed,
                *member,
                "health check"
            );
            changed = true;
        }
        if (alive && member->ejected()) {
            member->ejected_until_ = now;
            changed = release_due(now) || changed;
        }
    }
    if (changed) rebuild(now);
}

void Cluster::catch_up(TimePoint now) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || now < list_->due) return;  // somebody else is at it, or was
    (void)release_due(now);
    if (now >= next_sweep_) (void)sweep(now);
    rebuild(now);
}

bool Cluster::eject(Member& member, std::string_view reason, std::uint32_t percent, TimePoint now) {
    std::size_t out = 0;
    bool ours = false;
    for (const MemberRef& other : members_) {
        out += other->ejected() ? 1 : 0;
        ours = ours || other.get() == &member;
    }
    // It may have left, or another thread was faster.
    if (!ours || member.ejected() || !OutlierRules::may_eject(members_.size(), out, percent)) return false;
    ++member.times_ejected_;
    const Duration time = OutlierRules::ejection_time(member.times_ejected_, config_.outlier);
    member.ejected_until_ = now + time;
    member.ejected_.store(true, std::memory_order_relaxed);
    OutlierRules::forget_rows(member);
    tell(ClusterEvent::Kind::ejected, member, reason, time);
    return true;
}

bool Cluster::release_due(TimePoint now) {
    bool any = false;
    for (const MemberRef& member : members_) {
        if (!member->ejected() || now < member->ejected_until_) continue;
        member->ejected_.store(false, std::memory_order_relaxed);
        OutlierRules::forget_rows(*member);
        tell(ClusterEvent::Kind::returned, *member, "time served");
        any = true;
    }
    return any;
}

bool Cluster::sweep(TimePoint now) {
    bool any = false;
    for (const Verdict& verdict : OutlierRules::at_sweep(members_, config_.outlier)) {
        any = eject(*verdict.member, verdict.reason, verdict.max_percent, now) || any;
    }
    OutlierRules::begin_interval(members_);
    next_sweep_ = now + config_.outlier.interval;
    return any;
}

double Cluster::share(const Member& member, TimePoint now) const {
    const SlowStartConfig& slow = config_.slow_start;
    if (member.warm_ || slow.window.count() <= 0 || now - member.first_seen_ >= slow.window) return 1.0;
    const double grown = static_cast<double>((now - member.first_seen_).count()) /
                         static_cast<double>(std::chrono::nanoseconds(slow.window).count());
    return std::max(slow.min_weight_percent / 100.0, std::pow(std::max(grown, 0.0), 1.0 / slow.aggression));
}

TimePoint Cluster::next_due(TimePoint now) const {
    TimePoint due = next_sweep_;
    for (const MemberRef& member : members_) {
        if (member->ejected()) due = std::min(due, member->ejected_until_);
        if (share(*member, now) < 1.0)
            due = std::min(due, now + Duration(config_.slow_start.window) / slow_start_steps);
    }
    return due;
}

void Cluster::rebuild(TimePoint now) {
    auto list = std::make_shared<List>();
    for (const MemberRef& member : members_) {
        if (!member->ejected() && member->alive()) list->kept.push_back(member);
    }
    const bool panic = list->kept.size() * 100 < members_.size() * config_.panic_threshold_percent;
    if (panic) list->kept = members_;
    if (!panic && config_.zone_preference && !config_.zone.empty()) {
        std::vector<MemberRef> near;
        for (const MemberRef& member : list->kept) {
            if (iequals(member->instance().zone(), config_.zone)) near.push_back(member);
        }
        if (!near.empty()) list->kept = std::move(near);
    }
    if (config_.subset_size > 0) take_subset(list->kept, config_.subset_size, config_.subset_id);
    const bool weighted = config_.algorithm != Algorithm::round_robin;
    for (const MemberRef& member : list->kept) {
        const double weight = weighted ? member->instance().weight() : 1.0;
        list->by_id.emplace(member->instance().id, list->candidates.size());
        if (config_.same_instance)
            list->by_hash.emplace(detail::hash_of(member->instance().id), list->candidates.size());
        list->candidates.push_back({member.get(), weight * share(*member, now)});
    }
    if (!list->candidates.empty()) list->picker = make_picker(config_, list->candidates, state_);
    list->due = next_due(now);
    list_ = std::move(list);
    version_.fetch_add(1, std::memory_order_release);
}

void Cluster::tell(ClusterEvent::Kind kind, const Member& member, std::string_view reason, Duration time) {
    if (listener_) listener_({kind, member.instance(), reason, time});
}

// Views.

std::vector<MemberRef> Cluster::members() const {
    const std::lock_guard lock(mutex_);
    return members_;
}

std::vector<MemberRef> Cluster::candidates() const {
    return shared_list()->kept;
}

}  // namespace flotilla::discovery

// A client against registries that forget, lose deltas, stay away and come back, with a clock that is set
// back: thousands of seeded schedules, each to be repeated from its seed.

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>
#include <set>

#include "eureka_calls.hpp"
#include "eureka_sample.hpp"
#include "flotilla/discovery/eureka_endpoints.hpp"
#include "flotilla/discovery/eureka_reader.hpp"
#include "flotilla/discovery/eureka_registrar.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;
using eureka::ActionType;
using eureka::InstanceStatus;

/// As much of a registry as a client can tell apart.
class ModelRegistry {
public:
    explicit ModelRegistry(const ManualClock& clock) : clock_(clock) {}

    void put(eureka::InstanceInfo instance, ActionType action = ActionType::added) {
        all_[std::string(instance.id())] = instance;
        remember(std::move(instance), action);
    }

    void remove(const std::string& id) {
        const auto found = all_.find(id);
        if (found == all_.end()) return;
        remember(found->second, ActionType::deleted);
        all_.erase(found);
    }

    /// A killed and restarted registry knows nothing.
    void restart() {
        all_.clear();
        recent_.clear();
        version_ = 0;
    }

    [[nodiscard]] bool knows(const std::string& id) const { return all_.contains(id); }

    [[nodiscard]] const eureka::InstanceInfo& at(const std::string& id) const { return all_.at(id); }

    [[nodiscard]] eureka::Applications full() const {
        std::vector<eureka::InstanceInfo> infos;
        for (const auto& [id, instance] : all_) infos.push_back(instance);
        return applications(infos);
    }

    [[nodiscard]] eureka::Applications delta() {
        while (!recent_.empty() && clock_.now() - recent_.front().at > 180s) recent_.pop_front();
        eureka::Applications out;
        for (const auto& change : recent_)
            out.put(std::make_shared<const eureka::InstanceInfo>(change.instance));
        out.hash_code = full().hash_code;
        out.version = ++version_;
        return out;
    }

private:
    struct Change {
        TimePoint at;
        eureka::InstanceInfo instance;
    };

    void remember(eureka::InstanceInfo instance, ActionType action) {
        instance.action_type = action;
        recent_.push_back({clock_.now(), std::move(instance)});
    }

    const ManualClock& clock_;
    std::map<std::string, eureka::InstanceInfo> all_;
    std::deque<Change> recent_;
    std::int64_t version_ = 0;
};

class World {
public:
    explicit World(std::uint64_t seed)
        : random_(seed),
          reader_({}, Random(random_()), clock_.now()),
          registrar_(
              info("me", "h0", InstanceStatus::starting),
              {},
              Random(random_()),
              clock_.now(),
              clock_.wall_now()
          ),
          reads_({"a", "b"}, Random(random_())),
          writes_({"a", "b"}, Random(random_())) {
        for (int i = 0; i < 6; ++i) start_other(i);
        registrar_.set_status(InstanceStatus::up, clock_.now(), clock_.wall_now());
    }

    /// An hour of trouble, then quiet.
    void run() {
        const TimePoint trouble_ends = clock_.now() + 1h;
        while (clock_.now() < trouble_ends) step(1);
        faults_ = false;
        up_ = {true, true};
        const TimePoint quiet_ends = clock_.now() + 10min;
        while (clock_.now() < quiet_ends) step(0);
    }

    void check() const {
        // Both registries know the same by now, as peers do, and so does the client.
        EXPECT_EQ(reader_.copy().applications().reconcile_hash_code(), registry_.full().hash_code);
        for (const auto& [name, application] : registry_.full().by_name) {
            for (const auto& instance : application.instances) {
                const auto* mine = reader_.copy().applications().find(name);
                ASSERT_NE(mine, nullptr) << name;
                const auto* copy = mine->find(instance->id());
                ASSERT_NE(copy, nullptr) << instance->id();
                EXPECT_EQ(copy->status, instance->status);
            }
        }
        EXPECT_EQ(reader_.copy().carried(), 0U);
        for (const auto& [name, instances] : reader_.copy().groups()) {
            EXPECT_EQ(told_.find(name)->instances.size(), instances.size()) << name;
        }
        ASSERT_TRUE(registry_.knows("h0:me:8080"));
        EXPECT_EQ(registry_.at("h0:me:8080").status, InstanceStatus::up);
        EXPECT_TRUE(registrar_.registered());
        EXPECT_EQ(blind_, 0) << "moments in which a service that ran all the time was not to be found";
    }

private:
    void start_other(int number) {
        auto other = info("other", fmt::format("h{}", number + 1));
        others_.insert(number);
        registry_.put(other);
    }

    void step(int trouble) {
        clock_.advance(std::chrono::milliseconds(random_.below(2000) + 1));
        if (trouble != 0 && random_.below(20) == 0) something_happens();
        others_renew();
        read();
        write();
        const auto changes = reader_.take_changes();
        if (changes.everything) told_.publish_all(reader_.copy().groups());
        for (const std::string& name : changes.names) told_.publish(name, reader_.copy().instances_of(name));
        // `steady` never stops and is never reported gone.
        const bool seen = !told_.find("steady")->instances.empty();
        seen_steady_ = seen_steady_ || seen;
        if (seen_steady_ && !seen) ++blind_;
    }

    void something_happens() {
        const int number = static_cast<int>(random_.below(6));
        switch (random_.below(8)) {
            case 0:
                start_other(number);
                break;
            case 1:
                others_.erase(number);
                registry_.remove(fmt::format("h{}:other:8080", number + 1));
                break;
            case 2:
                if (others_.contains(number)) {
                    registry_.put(
                        info("other", fmt::format("h{}", number + 1), InstanceStatus::out_of_service),
                        ActionType::modified
                    );
                }
                break;
            case 3:
                // A registry that falls over faster than leases run out is beyond help.
                if (clock_.now() < next_restart_) break;
                next_restart_ = clock_.now() + 3min;
                registry_.restart();
                next_renewal_ = clock_.now() + std::chrono::milliseconds(random_.below(30'000));
                break;
            case 4:
                up_[random_.below(2)] = false;
                break;
            case 5:
                up_[random_.below(2)] = true;
                break;
            case 6:
                clock_.set_wall(clock_.wall_now() - std::chrono::seconds(random_.below(7200)));
                break;
            case 7:
                faulty_ = random_.below(2) == 0;
                break;
        }
    }

    /// The rest of the fleet does as we do: who is not known registers again with its next heartbeat.
    void others_renew() {
        if (clock_.now() < next_renewal_) return;
        next_renewal_ = clock_.now() + 25s;
        for (const int number : others_) {
            if (!registry_.knows(fmt::format("h{}:other:8080", number + 1))) start_other(number);
        }
        if (!registry_.knows("h9:steady:8080")) registry_.put(info("steady", "h9"));
    }

    bool reached(EurekaEndpoints& endpoints) {
        endpoints.begin(clock_.now());
        while (const auto url = endpoints.next()) {
            const bool lost = faults_ && faulty_ && random_.below(3) == 0;
            if (up_[*url == "a" ? 0 : 1] && !lost) {
                endpoints.accept();
                return true;
            }
            endpoints.reject();
        }
        return false;
    }

    void read() {
        while (const auto what = reader_.begin(clock_.now())) {
            if (!reached(reads_)) {
                reader_.failed(
                    random_.below(2) == 0 ? FetchFailure::refused : FetchFailure::timed_out, clock_.now()
                );
            } else if (*what == Fetch::full) {
                reader_.full_arrived(registry_.full(), clock_.now());
            } else if (faults_ && random_.below(20) == 0) {
                reader_.delta_refused(clock_.now());
            } else {
                reader_.delta_arrived(registry_.delta(), clock_.now());
            }
        }
    }

    void write() {
        while (const auto what = registrar_.begin(clock_.now())) {
            EXPECT_GE(what->instance.last_dirty_timestamp, last_dirty_) << "it never goes back";
            last_dirty_ = what->instance.last_dirty_timestamp;
            if (!reached(writes_)) {
                registrar_.failed(*what, random_.below(2) == 0, clock_.now());
                continue;
            }
            const std::string id(what->instance.id());
            int status = 200;
            if (what->kind == Announcement::Kind::register_) {
                registry_.put(what->instance);
                status = 204;
            } else if (!registry_.knows(id)) {
                status = 404;
            }
            registrar_.answered(*what, status, clock_.now(), clock_.wall_now());
        }
    }

    Random random_;
    ManualClock clock_;
    ModelRegistry registry_{clock_};  // two addresses of one content: peers that agree
    EurekaReader reader_;
    Directory told_;
    EurekaRegistrar registrar_;
    EurekaEndpoints reads_;
    EurekaEndpoints writes_;
    std::set<int> others_;
    std::array<bool, 2> up_{true, true};
    bool faults_ = true;
    bool faulty_ = false;
    TimePoint next_renewal_;
    TimePoint next_restart_;
    std::int64_t last_dirty_ = 0;
    bool seen_steady_ = false;
    int blind_ = 0;
};

TEST(EurekaSimulation, AClientConvergesAfterAnHourOfTrouble) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        World world(seed);
        world.run();
        world.check();
        if (::testing::Test::HasFailure()) return;
    }
}

}  // namespace

}  // namespace flotilla::discovery

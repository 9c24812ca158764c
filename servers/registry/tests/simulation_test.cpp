// Two registries, their clients and a network that loses, delays and parts them: after it has healed, both
// say the same of every instance that lives. A schedule is its seed.

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

#include "fixture.hpp"
#include "flotilla/registry/peer_queue.hpp"

namespace flotilla::registry {
namespace {

using namespace testing;
using eureka::ReplicationAction;

constexpr int registries = 2;
constexpr int clients = 6;

struct Client {
    std::string id;
    int home = 0;
    bool alive = false;
    std::int64_t dirty = 0;
    int next_beat = 0;  ///< in seconds of the schedule
};

class Fleet {
public:
    explicit Fleet(std::uint64_t seed) : random_(seed) {
        for (int i = 0; i < registries; ++i)
            nodes_.push_back(
                std::make_unique<Node>(seed * registries + static_cast<std::uint64_t>(i), moment_of(clock_))
            );
        for (int i = 0; i < clients; ++i) clients_.push_back({.id = std::to_string(i)});
    }

    void run(int seconds, const std::function<void()>& mischief) {
        for (const int end = second_ + seconds; second_ < end; ++second_) {
            mischief();
            for (Client& client : clients_)
                if (client.alive && second_ >= client.next_beat) heartbeat(client);
            for (int tick = 0; tick < 2; ++tick) {
                clock_.advance(500ms);
                for (int i = 0; i < registries; ++i) exchange(i);
            }
            if (second_ % 60 == 59)
                for (auto& node : nodes_) node->registry.evict(at());
        }
    }

    void something_happens() {
        if (random_.below(20) == 0) parted_ = !parted_;
        if (random_.below(3) != 0) return;
        Client& client = clients_[random_.below(clients)];
        switch (random_.below(7)) {
            case 0:
                client.alive = true;
                register_at_home(client, true);
                break;
            case 1:
                if (client.alive) cancel(client);
                break;
            case 2:
                client.alive = false;  // crashes
                break;
            case 3:
                client.home = 1 - client.home;  // fails over: its next heartbeat is answered 404, or not
                break;
            case 4:
                if (client.alive) register_at_home(client, true);
                break;
            case 5:
                override_status(
                    client, random_.below(2) == 0 ? InstanceStatus::out_of_service : InstanceStatus::down
                );
                break;
            default:
                delete_override(client);
        }
    }

    void heal() { parted_ = false; }

    void expect_agreement(std::uint64_t seed) {
        for (const Client& client : clients_) {
            const auto a = nodes_[0]->registry.holder("A", client.id);
            const auto b = nodes_[1]->registry.holder("A", client.id);
            ASSERT_EQ(a != nullptr, client.alive) << "seed " << seed << " client " << client.id;
            ASSERT_EQ(b != nullptr, client.alive) << "seed " << seed << " client " << client.id;
            if (!client.alive) continue;
            ASSERT_EQ(a->last_dirty_timestamp, b->last_dirty_timestamp)
                << "seed " << seed << " client " << client.id;
            ASSERT_EQ(a->status, b->status) << "seed " << seed << " client " << client.id;
            ASSERT_EQ(a->overridden_status, b->overridden_status)
                << "seed " << seed << " client " << client.id;
        }
        ASSERT_EQ(nodes_[0]->registry.hash_code(), nodes_[1]->registry.hash_code()) << "seed " << seed;
    }

private:
    struct Node {
        Node(std::uint64_t seed, Moment at) : registry(without_self_preservation(), Random(seed), at) {
            registry.open_for_traffic(0, 1, at);
        }

        InstanceRegistry registry;
        PeerQueue queue{PeerQueue::Config{}};
    };

    [[nodiscard]] Moment at() const { return moment_of(clock_); }

    Node& home(const Client& client) { return *nodes_[static_cast<std::size_t>(client.home)]; }

    void tell(
        Node& node, ReplicationAction action, const Client& client, std::optional<InstanceStatus> status = {}
    ) {
        node.queue.offer({.action = action, .app = "A", .id = client.id, .status = status}, clock_.now());
    }

    void register_at_home(Client& client, bool changed) {
        if (changed) client.dirty = std::max(client.dirty + 1, at().wall_ms);
        static_cast<void>(
            home(client).registry.enroll(instance("A", client.id, client.dirty), Origin::client, at())
        );
        tell(home(client), ReplicationAction::register_, client);
        client.next_beat = second_ + 30;
    }

    void heartbeat(Client& client) {
        client.next_beat = second_ + 30;
        const auto answer =
            home(client).registry.renew("A", client.id, client.dirty, {}, Origin::client, at());
        if (answer.outcome == Renewal::renewed) {
            tell(home(client), ReplicationAction::heartbeat, client);
        } else {
            register_at_home(client, true);
        }
    }

    void cancel(Client& client) {
        client.alive = false;
        if (home(client).registry.cancel("A", client.id, at()))
            tell(home(client), ReplicationAction::cancel, client);
    }

    void override_status(Client& client, InstanceStatus status) {
        Node& node = home(client);
        if (!node.registry.has("A", client.id, at())) return;
        node.registry.override_status("A", client.id, status, {}, at());
        tell(node, ReplicationAction::status_update, client, status);
    }

    void delete_override(Client& client) {
        Node& node = home(client);
        if (!node.registry.has("A", client.id, at())) return;
        node.registry.delete_override("A", client.id, InstanceStatus::up, {}, at());
        tell(node, ReplicationAction::delete_status_override, client, InstanceStatus::up);
    }

    void exchange(int from) {
        Node& sender = *nodes_[static_cast<std::size_t>(from)];
        Node& receiver = *nodes_[static_cast<std::size_t>(1 - from)];
        const auto batch = sender.queue.take(sender.registry, clock_.now());
        if (batch.empty()) return;
        if (parted_) return sender.queue.failed(SendFailure::unreachable, clock_.now());
        const bool flaky = second_ < healed_from;
        if (flaky && random_.below(10) == 0) return sender.queue.failed(SendFailure::busy, clock_.now());
        // Through the wire format, as a field that it loses is a bug as well.
        const auto arrived = eureka::decode_replication(eureka::encode_replication(batch));
        const auto answers = apply_batch(receiver.registry, *arrived, at());
        if (flaky && random_.below(10) == 0) return sender.queue.failed(SendFailure::busy, clock_.now());
        const auto verdict = sender.queue.answered(
            *eureka::decode_replication_answers(eureka::encode_replication_answers(answers)), clock_.now()
        );
        for (const auto& newer : verdict.adopt)
            static_cast<void>(sender.registry.enroll(*newer, Origin::peer, at()));
    }

public:
    static constexpr int healed_from = 300;

private:
    Random random_;
    ManualClock clock_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::vector<Client> clients_;
    bool parted_ = false;
    int second_ = 0;
};

TEST(Simulation, TwoRegistriesAgreeAfterPartitionsHaveHealed) {
    std::uint64_t first = 0;
    std::uint64_t count = 3000;
    if (const char* seed = std::getenv("FLOTILLA_SEED")) {
        first = std::strtoull(seed, nullptr, 10);
        count = 1;
    }
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        Fleet fleet(seed);
        fleet.run(Fleet::healed_from, [&fleet] { fleet.something_happens(); });
        fleet.heal();
        // Heartbeats every 30 s, leases of up to three minutes, evictions of a few a minute.
        fleet.run(900, [] {});
        fleet.expect_agreement(seed);
        if (::testing::Test::HasFatalFailure()) return;
    }
}

}  // namespace
}  // namespace flotilla::registry

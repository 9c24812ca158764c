#include "zookeeper_client.hpp"

#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "flotilla/base/text.hpp"
#include "watching_client.hpp"
#include "zookeeper_node.hpp"
#include "zookeeper_session.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;

/// Everything is looked at again now and then, whatever was told.
constexpr Duration longest_trust = 60s;
constexpr Duration look_at_self = 30s;

std::string parent_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

class ZookeeperClient final : public WatchingClient {
public:
    ZookeeperClient(Means means, ZookeeperConfig config, ZookeeperDiscoveryConfig discovery)
        : WatchingClient(means, discovery.enabled && discovery.register_),
          config_(std::move(config)),
          discovery_(std::move(discovery)) {
        Random random = Random::from_system();
        id_ = discovery_.instance_id.empty() ? make_uuid(random) : discovery_.instance_id;
    }

    [[nodiscard]] std::string_view name() const noexcept override { return "zookeeper"; }

    [[nodiscard]] std::vector<std::string> services() const override {
        const std::lock_guard lock(names_mutex_);
        return names_;
    }

private:
    /// Made on the loop, at the first use.
    ZookeeperSession& session() {
        if (!session_) session_ = std::make_unique<ZookeeperSession>(config_);
        return *session_;
    }

    /// Names of services; a lost session is also noticed here.
    Task<> attend() override {
        bool in_trouble = false;
        BackOff pauses(Random::from_system());
        std::uint64_t generation = session().generation();
        const std::vector<std::string> root{discovery_.root};
        for (;;) {
            const std::uint64_t seen = session().changes(root);
            auto found = co_await children_of_root();
            Duration pause = longest_trust;
            if (found) {
                in_trouble = false;
                pauses.reset();
                const std::lock_guard lock(names_mutex_);
                names_ = *std::move(found);
            } else {
                note("services", found.error(), in_trouble);
                pause = pauses.next();
            }
            const Deadline deadline(now() + pause);
            co_await session().change(root, seen, deadline);
            if (std::exchange(generation, session().generation()) != session().generation()) {
                means_.log.info("a new session: registers again");
                hurry();
            }
        }
    }

    Task<Result<std::vector<std::string>>> children_of_root() {
        auto found = co_await session().children(discovery_.root);
        if (found || found.error().code() != Errc::not_found) co_return found;
        // To be told when it comes: a node that is not there has no children to watch.
        FLT_CO_CHECK(co_await session().exists(discovery_.root));
        co_return std::vector<std::string>();
    }

    Task<> watch(std::string service) override {
        bool in_trouble = false;
        BackOff pauses(Random::from_system());
        for (;;) {
            const std::string path = co_await path_of(service);
            const std::vector<std::string> own{path};
            const std::vector<std::string> own_and_root{path, discovery_.root};
            const std::uint64_t seen = session().changes(own);
            const std::uint64_t seen_with_root = session().changes(own_and_root);
            auto found = co_await instances_below(path);
            Duration pause = longest_trust;
            bool nobody = true;
            if (found) {
                in_trouble = false;
                pauses.reset();
                nobody = found->empty();
                publish(service, *std::move(found));
            } else {
                note(service, found.error(), in_trouble);
                pause = pauses.next();
            }
            const Deadline deadline(now() + pause);
            if (nobody) {
                // A node of another spelling may come.
                co_await session().change(own_and_root, seen_with_root, deadline);
            } else {
                co_await session().change(own, seen, deadline);
            }
        }
    }

    /// Callers name services in any case; nodes have theirs.
    Task<std::string> path_of(std::string service) {
        const auto names = co_await session().children(discovery_.root);
        if (names) {
            for (const std::string& name : *names) {
                if (iequals(name, service)) co_return discovery_.root + "/" + name;
            }
        }
        co_return discovery_.root + "/" + service;
    }

    Task<Result<std::vector<ServiceInstance>>> instances_below(std::string path) {
        const auto ids = co_await session().children(path);
        if (!ids && ids.error().code() == Errc::not_found) {
            // To be told when it comes.
            FLT_CO_CHECK(co_await session().exists(path));
            co_return std::vector<ServiceInstance>();
        }
        if (!ids) co_return fail(ids.error());
        std::vector<ServiceInstance> out;
        for (const std::string& id : *ids) {
            std::string node = path;
            node.append("/").append(id);
            const auto data = co_await session().read(std::move(node));
            if (!data && data.error().code() == Errc::not_found) continue;  // gone meanwhile
            if (!data) co_return fail(data.error());
            auto instance = parse_zookeeper_node(*data);
            if (!instance) {
                means_.log.warn("{}/{}: {}", path, id, instance.error().message());
            } else if (*instance) {
                out.push_back(*std::move(*instance));
            }
        }
        co_return out;
    }

    Result<void> prepare(const SelfDescription& self) override {
        self_ = self;
        return {};
    }

    Task<Result<void>> enroll() override {
        const ZookeeperNode node = zookeeper_node(discovery_, self_, id_, means_.runtime.clock().wall_now());
        const std::string path = discovery_.root + node.path;
        for (const std::string& parent : {discovery_.root, parent_of(path)}) {
            const auto made = co_await session().create(parent, {}, NodeKind::container);
            if (!made && made.error().code() != Errc::conflict) co_return fail(made.error());
        }
        auto made = co_await session().create(path, node.data, NodeKind::ephemeral);
        if (!made && made.error().code() == Errc::conflict) {
            // Of an earlier session of ours, with which it would go.
            (void)co_await session().remove(path);
            made = co_await session().create(path, node.data, NodeKind::ephemeral);
        }
        if (made) path_ = path;
        co_return made;
    }

    Task<Result<void>> renew() override {
        const auto there = co_await session().exists(path_);
        // While nobody answers the session may live on, and the node with it.
        if (!there || *there) co_return Result<void>();
        co_return fail(Errc::not_found, path_ + " has gone");
    }

    [[nodiscard]] Duration renewal() const override { return look_at_self; }

    Task<Result<void>> withdraw() override {
        if (path_.empty()) co_return Result<void>();
        auto gone = co_await session().remove(path_);
        if (!gone && gone.error().code() == Errc::not_found) co_return Result<void>();
        co_return gone;
    }

    const ZookeeperConfig config_;
    const ZookeeperDiscoveryConfig discovery_;
    std::string id_;
    std::unique_ptr<ZookeeperSession> session_;
    SelfDescription self_;
    std::string path_;  // of our node, once there is one
    mutable std::mutex names_mutex_;
    std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<RegistryClient> make_zookeeper_client(
    Means means, ZookeeperConfig config, ZookeeperDiscoveryConfig discovery
) {
    return std::make_unique<ZookeeperClient>(means, std::move(config), std::move(discovery));
}

}  // namespace flotilla::discovery

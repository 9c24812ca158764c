#pragma once
// ZooKeeper's C client as coroutines on one loop.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/discovery/zookeeper_config.hpp"
#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::discovery {

/// What the threads of the C client share with the loop.
struct ZookeeperState;

enum class NodeKind : std::uint8_t {
    container,  ///< goes when its last child has gone
    ephemeral   ///< goes with the session
};

/// Begins to connect when it is made, and goes on trying. A session that has expired is begun anew: whoever
/// watches is told, and ephemeral nodes have gone. Belongs to the loop that it was made on.
class ZookeeperSession {
public:
    explicit ZookeeperSession(ZookeeperConfig config);
    ~ZookeeperSession();
    ZookeeperSession(const ZookeeperSession&) = delete;
    ZookeeperSession& operator=(const ZookeeperSession&) = delete;

    /// Names of children; `not_found` when there is no such node. A change of either is counted once.
    Task<Result<std::vector<std::string>>> children(std::string path);
    Task<Result<std::string>> read(std::string path);
    Task<Result<bool>> exists(std::string path);
    /// `conflict` when it is there already.
    Task<Result<void>> create(std::string path, std::string data, NodeKind kind);
    Task<Result<void>> remove(std::string path);

    /// How many changes at these nodes the loop has been told of, with those of the session.
    [[nodiscard]] std::uint64_t changes(const std::vector<std::string>& paths) const;
    /// Waits until that is another number, or the deadline.
    Task<> change(std::vector<std::string> paths, std::uint64_t seen, Deadline deadline);
    /// Rises with each new session.
    [[nodiscard]] std::uint64_t generation() const noexcept;

private:
    const ZookeeperConfig config_;
    const std::shared_ptr<ZookeeperState> state_;
};

}  // namespace flotilla::discovery

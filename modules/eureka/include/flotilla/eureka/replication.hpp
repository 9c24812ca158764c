#pragma once
/// What registries tell each other: `POST peerreplication/batch`. JSON only.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/eureka/instance_info.hpp"
#include "flotilla/reflect/options.hpp"

namespace flotilla::eureka {

enum class ReplicationAction : std::uint8_t {
    register_,
    heartbeat,
    cancel,
    status_update,
    delete_status_override
};

/// `Register`, `Heartbeat`, `Cancel`, `StatusUpdate`, `DeleteStatusOverride`
std::string_view to_text(ReplicationAction action) noexcept;

/// One thing that has happened at the sender. Empty optionals are members that the item does not have.
struct ReplicationItem {
    std::string app_name = {};
    std::string id = {};
    std::optional<std::int64_t> last_dirty_timestamp = {};
    std::optional<std::string> overridden_status = {};
    std::optional<std::string> status = {};
    InstancePtr instance_info = {};
    std::optional<ReplicationAction> action = {};
};

struct ReplicationAnswer {
    int status_code = 200;
    InstancePtr response_entity = {};  ///< the receiver's copy, where it is newer
};

inline constexpr reflect::Limits replication_limits{.depth = 16, .bytes = 8U << 20, .elements = 500'000};

std::string encode_replication(const std::vector<ReplicationItem>& items);
/// An unknown action or member refuses the whole batch, as originals do.
Result<std::vector<ReplicationItem>> decode_replication(
    std::string_view text, const reflect::Limits& limits = replication_limits
);

std::string encode_replication_answers(const std::vector<ReplicationAnswer>& answers);
Result<std::vector<ReplicationAnswer>> decode_replication_answers(
    std::string_view text, const reflect::Limits& limits = replication_limits
);

}  // namespace flotilla::eureka

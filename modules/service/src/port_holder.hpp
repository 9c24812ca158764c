#pragma once
// Who listens on a port, for the message to somebody who wanted it.

#include <cstdint>
#include <string>
#include <string_view>

namespace flotilla::service {

/// `nginx (pid 17)`; empty when nobody does, or when this user may not see who.
std::string holder_of_port(std::uint16_t port, const std::string& proc = "/proc");

/// The inode of the socket that listens on a port, out of the text of /proc/net/tcp or tcp6; 0 when none
/// does.
std::uint64_t listening_inode(std::string_view table, std::uint16_t port);

}  // namespace flotilla::service

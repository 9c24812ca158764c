#pragma once
/// Who listens on a TCP port of this machine, for the message to somebody who wanted it.

#include <cstdint>
#include <string>
#include <string_view>

namespace flotilla::runtime {

/// `nginx (pid 17)`, "a process of another user", or nothing when the port is free.
std::string holder_of_port(std::uint16_t port, const std::string& proc = "/proc");

/// The inode of the socket that listens on a port, out of the text of /proc/net/tcp or tcp6; 0 when none
/// does.
std::uint64_t listening_inode(std::string_view table, std::uint16_t port);

}  // namespace flotilla::runtime

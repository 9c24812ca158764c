#pragma once
/// By what name and address others reach this machine.

#include <string>

namespace flotilla::discovery {

struct LocalHost {
    std::string name;
    std::string address;
};

/// The first address of a network that is up, the loopback's when there is none; and the host's name, or the
/// address again where nobody could look the name up. Asks the resolver, which may block.
LocalHost find_local_host();

/// The address alone; it asks nobody.
std::string find_local_address();

}  // namespace flotilla::discovery

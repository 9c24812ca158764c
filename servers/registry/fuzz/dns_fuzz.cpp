#include <cstddef>
#include <cstdint>

#include "dns_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    flotilla::registry::testing::answer_any({reinterpret_cast<const char*>(data), size});
    return 0;
}

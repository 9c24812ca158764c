#include <cstddef>
#include <cstdint>

#include "jwt_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    flotilla::crypto::read_untrusted({reinterpret_cast<const char*>(data), size});
    return 0;
}

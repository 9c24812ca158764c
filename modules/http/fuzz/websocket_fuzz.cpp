#include <cstddef>
#include <cstdint>

#include "websocket_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    flotilla::http::testing::read_websocket({reinterpret_cast<const char*>(data), size});
    return 0;
}

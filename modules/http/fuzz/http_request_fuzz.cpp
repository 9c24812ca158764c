#include <cstddef>
#include <cstdint>

#include "http_request_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    flotilla::http::testing::read_request({reinterpret_cast<const char*>(data), size});
    return 0;
}

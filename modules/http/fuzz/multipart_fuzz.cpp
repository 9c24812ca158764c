#include <cstddef>
#include <cstdint>

#include "multipart_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    flotilla::http::testing::read_multipart({reinterpret_cast<const char*>(data), size});
    return 0;
}

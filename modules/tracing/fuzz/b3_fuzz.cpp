#include <cstddef>
#include <cstdint>

#include "b3_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    flotilla::tracing::read_trace_headers({reinterpret_cast<const char*>(data), size});
    return 0;
}

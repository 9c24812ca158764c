#include <cstddef>
#include <cstdint>

#include "json_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    flotilla::reflect::fuzz_json({reinterpret_cast<const char*>(data), size});
    return 0;
}

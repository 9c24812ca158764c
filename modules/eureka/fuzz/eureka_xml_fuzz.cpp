#include <cstddef>
#include <cstdint>

#include "eureka_xml_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    flotilla::eureka::testing::read_xml({reinterpret_cast<const char*>(data), size});
    return 0;
}

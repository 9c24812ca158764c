#include "flotilla/runtime/port_holder.hpp"

#include <gtest/gtest.h>

namespace flotilla::runtime {
namespace {

constexpr std::string_view table =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 "
    "100\n"
    "   1: 0100007F:1F91 0100007F:E1A2 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 "
    "100\n";

TEST(PortHolder, FindsTheSocketThatListens) {
    EXPECT_EQ(listening_inode(table, 8080), 4711u);
}

TEST(PortHolder, AConnectionHoldsNoPort) {
    EXPECT_EQ(listening_inode(table, 8081), 0u);
    EXPECT_EQ(listening_inode(table, 80), 0u);
    EXPECT_EQ(listening_inode("", 8080), 0u);
    EXPECT_EQ(listening_inode("a\nb c", 8080), 0u);
}

}  // namespace
}  // namespace flotilla::runtime

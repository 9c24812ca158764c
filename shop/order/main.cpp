// The orders of the shop: README.md.

#include "flotilla/shop/order/order_service.hpp"

int main(int argc, char** argv) {
    return flotilla::shop::order::run_order(argc, argv);
}

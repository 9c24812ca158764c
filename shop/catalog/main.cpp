// The catalog of the shop: README.md.

#include "flotilla/shop/catalog/catalog_service.hpp"

int main(int argc, char** argv) {
    return flotilla::shop::catalog::run_catalog(argc, argv);
}

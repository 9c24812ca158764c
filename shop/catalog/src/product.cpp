#include "flotilla/shop/catalog/product.hpp"

#include <fmt/format.h>

namespace flotilla::shop::catalog {

ProductView view_of(const Product& product) {
    return {
        .product_id = product.product_id,
        .product_name = product.product_name,
        .unit_price = product.unit_price,
        .stock = product.stock,
        .created_at = {product.created_at},
    };
}

std::vector<ProductView> views_of(const std::vector<Product>& products) {
    std::vector<ProductView> views;
    views.reserve(products.size());
    for (const Product& product : products) views.push_back(view_of(product));
    return views;
}

std::string tag_of(const TableState& state) {
    return fmt::format("\"{}-{}\"", state.products, state.versions);
}

std::string tag_of(const Product& product) {
    return fmt::format("\"{}\"", product.version);
}

Problem unknown_product(const std::string& product_id) {
    return Problem(http::Status::not_found, "UNKNOWN_PRODUCT", "No such product")
        .member("productId", product_id);
}

}  // namespace flotilla::shop::catalog

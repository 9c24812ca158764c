#pragma once
/// Products: what they are, how they look outside, and what an admin may change. Pure.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/shop/problem.hpp"
#include "flotilla/shop/timestamp.hpp"

namespace flotilla::shop::catalog {

inline constexpr std::size_t longest_product_id = 120;
inline constexpr std::size_t longest_product_name = 255;

/// A row of the table `catalog`.
struct Product {
    std::string product_id;
    std::string product_name;
    std::int64_t stock = 0;
    std::int64_t unit_price = 0;
    std::int64_t version = 0;  ///< grows with every change, of the stock too
    WallTime created_at{};
    WallTime updated_at{};
};

FLT_DESCRIBE(Product, product_id, product_name, stock, unit_price, version, created_at, updated_at)

/// As clients see it.
struct ProductView {
    std::string product_id;
    std::string product_name;
    std::int64_t unit_price = 0;
    std::int64_t stock = 0;
    Timestamp created_at;
};

FLT_DESCRIBE(ProductView, product_id, product_name, unit_price, stock, created_at)

ProductView view_of(const Product& product);
std::vector<ProductView> views_of(const std::vector<Product>& products);

/// What the whole table looked like when a page of it was read: any change of any product shows in it.
struct TableState {
    std::int64_t products = 0;
    std::int64_t versions = 0;  ///< the sum of all
    WallTime changed{};
};

/// Strong tags: equal tags mean the same bytes.
std::string tag_of(const TableState& state);
std::string tag_of(const Product& product);

/// 404.
Problem unknown_product(const std::string& product_id);

/// The body of POST /catalogs.
struct NewProduct {
    std::optional<std::string> product_id{};
    std::optional<std::string> product_name{};
    std::optional<std::int64_t> stock{};
    std::optional<std::int64_t> unit_price{};
};

FLT_DESCRIBE(NewProduct, product_id, product_name, stock, unit_price)

/// The body of PATCH /catalogs/{productId}: what is there is changed.
struct ProductEdit {
    std::optional<std::string> product_name{};
    std::optional<std::int64_t> stock{};
    std::optional<std::int64_t> unit_price{};

    friend bool operator==(const ProductEdit&, const ProductEdit&) = default;
};

FLT_DESCRIBE(ProductEdit, product_name, stock, unit_price)

/// The product that an admin describes, or 400 with all that is wrong.
Outcome<Product> product_of(const NewProduct& in);
/// The product after the edit, with the next version; or 400.
Outcome<Product> edited(Product product, const ProductEdit& edit);

/// A set of products that an empty catalog begins with: `default` of the course, `tmax` of one class. Nothing
/// for other names.
std::optional<std::span<const Product>> data_set(std::string_view name);

}  // namespace flotilla::shop::catalog

// What admins may write, and what a catalog begins with.

#include <fmt/format.h>

#include <array>
#include <limits>

#include "flotilla/base/encoding.hpp"
#include "flotilla/shop/catalog/product.hpp"

namespace flotilla::shop::catalog {

namespace {

constexpr std::int64_t largest_number = std::numeric_limits<std::int32_t>::max();

void check_text(
    std::vector<FieldProblem>& wrong,
    const char* field,
    const std::optional<std::string>& text,
    std::size_t longest
) {
    if (!text || text->empty() || utf8_prefix(*text, longest).size() < text->size())
        wrong.push_back({field, fmt::format("{} must have 1 to {} characters", field, longest)});
}

void check_number(
    std::vector<FieldProblem>& wrong, const char* field, const std::optional<std::int64_t>& number
) {
    if (!number || *number < 0 || *number > largest_number)
        wrong.push_back({field, fmt::format("{} must be a number from 0 to {}", field, largest_number)});
}

Product product(const char* id, const char* name, std::int64_t stock, std::int64_t unit_price) {
    return {.product_id = id, .product_name = name, .stock = stock, .unit_price = unit_price};
}

}  // namespace

Outcome<Product> product_of(const NewProduct& in) {
    std::vector<FieldProblem> wrong;
    check_text(wrong, "productId", in.product_id, longest_product_id);
    check_text(wrong, "productName", in.product_name, longest_product_name);
    check_number(wrong, "stock", in.stock);
    check_number(wrong, "unitPrice", in.unit_price);
    if (!wrong.empty()) return refuse(Problem::invalid(std::move(wrong)));
    return product(in.product_id->c_str(), in.product_name->c_str(), *in.stock, *in.unit_price);
}

Outcome<Product> edited(Product before, const ProductEdit& edit) {
    std::vector<FieldProblem> wrong;
    if (edit == ProductEdit{}) wrong.push_back({"", "productName, stock or unitPrice must be given"});
    if (edit.product_name) check_text(wrong, "productName", edit.product_name, longest_product_name);
    if (edit.stock) check_number(wrong, "stock", edit.stock);
    if (edit.unit_price) check_number(wrong, "unitPrice", edit.unit_price);
    if (!wrong.empty()) return refuse(Problem::invalid(std::move(wrong)));
    Product after = std::move(before);
    if (edit.product_name) after.product_name = *edit.product_name;
    after.stock = edit.stock.value_or(after.stock);
    after.unit_price = edit.unit_price.value_or(after.unit_price);
    ++after.version;
    return after;
}

std::optional<std::span<const Product>> data_set(std::string_view name) {
    static const std::array course{
        product("CATALOG-001", "Berlin", 100, 1500),
        product("CATALOG-002", "Tokyo", 110, 1000),
        product("CATALOG-003", "Stockholm", 120, 2000),
    };
    static const std::array tmax{
        product("CATALOG-0001", "Berlin", 100, 1500),
        product("CATALOG-0002", "Tokyo", 100, 900),
        product("CATALOG-0003", "Stockholm", 100, 1200),
    };
    if (name == "default") return course;
    if (name == "tmax") return tmax;
    return std::nullopt;
}

}  // namespace flotilla::shop::catalog

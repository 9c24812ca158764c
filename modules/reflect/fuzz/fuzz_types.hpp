#pragma once
/// A struct with every kind of field, for the fuzz targets.

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "flotilla/reflect/json.hpp"

namespace flotilla::reflect {

enum class FuzzState { open, half_open };
FLT_DESCRIBE_ENUM_UPPER(FuzzState, open, half_open)

struct FuzzItem {
    std::string product_id;
    std::int8_t qty = 1;
    std::optional<double> unit_price;
    std::unique_ptr<FuzzItem> part;
};

FLT_DESCRIBE(FuzzItem, product_id, qty, unit_price, part)

struct FuzzOrder {
    std::uint64_t id = 0;
    float ratio = 0;
    bool paid = false;
    FuzzState state = FuzzState::open;
    std::vector<FuzzItem> items;
    std::map<std::string, std::set<int>> labels;
    std::chrono::milliseconds wait{};
    WallTime created{};
    Bytes limit;
    std::variant<int, FuzzItem, std::string> either;
    Json extra;
};

FLT_DESCRIBE(FuzzOrder, id, ratio, paid, state, items, labels, wait, created, limit, either, extra)

}  // namespace flotilla::reflect

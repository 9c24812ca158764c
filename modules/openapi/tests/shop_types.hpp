#pragma once
// Structs of all kinds, as handlers take and give them.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "flotilla/reflect/describe.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/reflect/secret.hpp"

namespace shop {

enum class Size { small, extra_large };
FLT_DESCRIBE_ENUM_UPPER(Size, small, extra_large)

struct Address {
    std::string city;
    std::string country;
};

FLT_DESCRIBE(Address, (city, not_blank), (country, size(2, 2)))

struct OrderIn {
    std::string customer;
    std::optional<std::string> email;
    std::string currency = "EUR";
    int quantity = 1;
    double price = 0.5;
    Size size = Size::small;
    Address ship_to;
    std::vector<Address> stops;
    std::map<std::string, std::string> labels;
    std::string code = "A-1";
    flotilla::reflect::Secret password;
};

FLT_DESCRIBE(
    OrderIn,
    (customer, "Who pays", not_blank, size(1, 20)),
    (email, email),
    (currency, size(3, 3)),
    (quantity, min(1), max(100)),
    (price, positive),
    size,
    (ship_to, "Where it goes"),
    (stops, size(1, 5)),
    labels,
    (code, pattern("[A-Z]-[0-9]+")),
    password
)

struct OrderOut {
    std::uint64_t id = 0;
    std::optional<std::string> note;
    std::optional<Address> ship_to;
    std::vector<std::string> tags;
    flotilla::WallTime made;
    std::unique_ptr<OrderOut> replaces;
};

FLT_DESCRIBE(OrderOut, id, note, (ship_to, or_null), (tags, omit_empty), made, replaces)

template <class T>
struct Page {
    std::vector<T> content;
    int number = 0;
};

using Orders = Page<OrderOut>;
FLT_DESCRIBE(Orders, content, number)

}  // namespace shop

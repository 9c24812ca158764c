#pragma once
/// What goes in and out of POST /orders.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flotilla/reflect/describe.hpp"

struct Address {
    std::string name;
    std::string street;
    std::string city;
    std::string postal_code;
    std::string country;
};
FLT_DESCRIBE(
    Address, (name, not_blank), (street, not_blank), (city, not_blank), postal_code, (country, size(2, 2))
)

struct Item {
    std::string product_id;
    std::string name;
    int qty = 1;
    std::int64_t unit_price = 0;  // in cents
    std::vector<std::string> tags;
};
FLT_DESCRIBE(
    Item, (product_id, not_blank), name, (qty, min(1), max(100)), (unit_price, positive_or_zero), tags
)

struct OrderIn {
    std::string customer_id;
    std::optional<std::string> email;
    std::string currency = "EUR";
    Address ship_to;
    std::vector<Item> items;
    std::string note;
};
FLT_DESCRIBE(
    OrderIn,
    (customer_id, not_blank),
    (email, email),
    (currency, size(3, 3)),
    ship_to,
    (items, size(1, 100)),
    (note, size(0, 500))
)

struct Line {
    std::string product_id;
    std::string name;
    int qty = 0;
    std::int64_t unit_price = 0;
    std::int64_t total = 0;
};
FLT_DESCRIBE(Line, product_id, name, qty, unit_price, total)

struct OrderOut {
    std::uint64_t id = 0;
    std::string status = "accepted";
    std::string customer_id;
    std::string currency;
    Address ship_to;
    std::vector<Line> lines;
    std::int64_t total = 0;
};
FLT_DESCRIBE(OrderOut, id, status, customer_id, currency, ship_to, lines, total)

/// Adds it up. What came in goes out again: texts are moved, not copied.
inline OrderOut accepted(OrderIn&& in, std::uint64_t id) {
    OrderOut out;
    out.id = id;
    out.customer_id = std::move(in.customer_id);
    out.currency = std::move(in.currency);
    out.ship_to = std::move(in.ship_to);
    out.lines.reserve(in.items.size());
    for (Item& item : in.items) {
        const std::int64_t total = item.qty * item.unit_price;
        out.lines.emplace_back(
            std::move(item.product_id), std::move(item.name), item.qty, item.unit_price, total
        );
        out.total += total;
    }
    return out;
}

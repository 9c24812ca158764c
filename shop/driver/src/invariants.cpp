#include "flotilla/shop/driver/invariants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace flotilla::shop::driver {

namespace {

template <class... Arguments>
void complain(
    Violations& to, int invariant, fmt::format_string<Arguments...> text, Arguments&&... arguments
) {
    to.push_back({invariant, fmt::format(text, std::forward<Arguments>(arguments)...)});
}

std::unordered_map<std::string_view, const ReservationRow*> by_order(std::span<const ReservationRow> rows) {
    std::unordered_map<std::string_view, const ReservationRow*> found;
    for (const ReservationRow& row : rows) found.emplace(row.order_id, &row);
    return found;
}

/// Orders that nobody was told of, by user and what was wanted.
std::map<std::string, std::int64_t> count_lost(std::span<const JournalLine> journal) {
    std::map<std::string, std::int64_t> lost;
    for (const JournalLine& line : journal)
        if (line.kind == JournalKind::lost)
            ++lost[fmt::format("{} {} x {}", line.user_id, line.qty, line.product_id)];
    return lost;
}

}  // namespace

Violations check_created(std::span<const JournalLine> journal, std::span<const OrderRow> rows) {
    Violations violations;
    std::unordered_map<std::string_view, const OrderRow*> found;
    for (const OrderRow& row : rows)
        if (!found.emplace(row.order_id, &row).second)
            complain(violations, 1, "order {} is there more than once", row.order_id);

    std::unordered_set<std::string_view> users;
    std::unordered_set<std::string_view> known;
    std::unordered_map<std::string, std::string_view> order_of_key;
    for (const JournalLine& line : journal) {
        users.insert(line.user_id);
        if (line.kind != JournalKind::order) continue;
        known.insert(line.order_id);
        const auto [same, fresh] = order_of_key.emplace(line.user_id + ' ' + line.key, line.order_id);
        if (!fresh && same->second != line.order_id)
            complain(
                violations,
                1,
                "key {} was answered with orders {} and {}",
                line.key,
                same->second,
                line.order_id
            );
        const auto row = found.find(line.order_id);
        if (row == found.end()) {
            complain(violations, 1, "order {} was answered with 201 and is not there", line.order_id);
            continue;
        }
        const OrderRow& order = *row->second;
        if (order.user_id != line.user_id || order.product_id != line.product_id || order.qty != line.qty)
            complain(
                violations,
                1,
                "order {} is {} x {} of {}, and was asked for as {} x {} of {}",
                line.order_id,
                order.qty,
                order.product_id,
                order.user_id,
                line.qty,
                line.product_id,
                line.user_id
            );
    }

    auto lost = count_lost(journal);
    for (const OrderRow& row : rows) {
        if (!users.contains(row.user_id) || known.contains(row.order_id)) continue;
        // A refused order leaves a row as well, and its client was told no.
        if (row.status == "REJECTED" || row.status == "CANCELLED") continue;
        const auto left = lost.find(fmt::format("{} {} x {}", row.user_id, row.qty, row.product_id));
        if (left == lost.end() || left->second-- <= 0)
            complain(
                violations, 1, "order {} ({}) is there, and nobody was told of it", row.order_id, row.status
            );
    }
    return violations;
}

Violations check_keys(std::span<const JournalLine> journal, std::span<const KeyRow> keys) {
    Violations violations;
    std::unordered_map<std::string, const KeyRow*> found;
    std::unordered_map<std::string_view, const KeyRow*> of_order;
    for (const KeyRow& row : keys) {
        if (!found.emplace(row.user_id + ' ' + row.idem_key, &row).second)
            complain(violations, 1, "key {} of {} is there more than once", row.idem_key, row.user_id);
        if (row.order_id.empty()) continue;
        if (!of_order.emplace(row.order_id, &row).second)
            complain(violations, 1, "order {} has more than one key", row.order_id);
    }
    for (const JournalLine& line : journal) {
        if (line.kind != JournalKind::order) continue;
        const auto row = found.find(line.user_id + ' ' + line.key);
        if (row != found.end() && !row->second->order_id.empty() && row->second->order_id != line.order_id)
            complain(
                violations,
                1,
                "key {} stands for order {}, and its client was told {}",
                line.key,
                row->second->order_id,
                line.order_id
            );
    }
    return violations;
}

Violations check_stock(
    const StockByProduct& initial,
    std::span<const Product> products,
    std::span<const ReservationRow> reservations
) {
    Violations violations;
    StockByProduct reserved;
    for (const ReservationRow& row : reservations)
        if (row.status == "RESERVED") reserved[row.product_id] += row.qty;
    std::set<std::string_view> seen;
    for (const Product& product : products) {
        seen.insert(product.product_id);
        if (product.stock < 0)
            complain(violations, 2, "{} has a stock of {}", product.product_id, product.stock);
        const auto began = initial.find(product.product_id);
        const std::int64_t taken = reserved[product.product_id];
        if (began != initial.end() && began->second - taken != product.stock)
            complain(
                violations,
                2,
                "{} began with {}, {} are reserved, and the stock is {} in place of {}",
                product.product_id,
                began->second,
                taken,
                product.stock,
                began->second - taken
            );
    }
    for (const auto& [product, count] : reserved)
        if (!seen.contains(product))
            complain(violations, 2, "{} of {} are reserved, which is not in the catalog", count, product);
    return violations;
}

Violations check_reservations(std::span<const OrderRow> rows, std::span<const ReservationRow> reservations) {
    Violations violations;
    const auto of_order = by_order(reservations);
    std::unordered_set<std::string_view> orders;
    for (const OrderRow& row : rows) {
        orders.insert(row.order_id);
        const auto found = of_order.find(row.order_id);
        const bool holds = found != of_order.end() && found->second->status == "RESERVED";
        if (row.status == "CONFIRMED") {
            if (!holds)
                complain(violations, 2, "order {} is CONFIRMED without a reservation", row.order_id);
            else if (found->second->product_id != row.product_id || found->second->qty != row.qty)
                complain(
                    violations,
                    2,
                    "order {} is of {} x {}, its reservation of {} x {}",
                    row.order_id,
                    row.qty,
                    row.product_id,
                    found->second->qty,
                    found->second->product_id
                );
        } else if (is_final(row.status) && holds) {
            complain(violations, 2, "order {} is {} and holds stock", row.order_id, row.status);
        }
    }
    for (const ReservationRow& row : reservations)
        if (row.status == "RESERVED" && !orders.contains(row.order_id))
            complain(violations, 2, "stock is reserved for order {}, which is not there", row.order_id);
    return violations;
}

bool is_final(std::string_view status) noexcept {
    return status == "CONFIRMED" || status == "REJECTED" || status == "CANCELLED";
}

Violations check_final(std::span<const OrderRow> rows) {
    Violations violations;
    for (const OrderRow& row : rows)
        if (!is_final(row.status)) complain(violations, 3, "order {} is still {}", row.order_id, row.status);
    return violations;
}

Violations check_lists(std::span<const JournalLine> journal, std::span<const OrderList> lists) {
    Violations violations;
    std::unordered_map<std::string_view, std::vector<std::string_view>> wanted;
    for (const JournalLine& line : journal)
        if (line.kind == JournalKind::order) wanted[line.user_id].push_back(line.order_id);

    std::unordered_map<std::string_view, const OrderList*> first;
    for (const OrderList& list : lists) {
        std::unordered_map<std::string_view, int> count;
        for (const OrderView& order : list.orders)
            if (++count[order.order_id] == 2)
                complain(violations, 1, "{} lists order {} more than once", list.source, order.order_id);
        for (const std::string_view order : wanted[list.user_id])
            if (!count.contains(order))
                complain(violations, 1, "{} does not list order {} of {}", list.source, order, list.user_id);
        const auto [other, is_first] = first.emplace(list.user_id, &list);
        if (!is_first && other->second->orders != list.orders)
            complain(
                violations,
                5,
                "{} lists other orders of {} than {} ({} and {} of them)",
                list.source,
                list.user_id,
                other->second->source,
                list.orders.size(),
                other->second->orders.size()
            );
    }
    return violations;
}

}  // namespace flotilla::shop::driver

#include "flotilla/shop/order/schema.hpp"

namespace flotilla::shop::order {

std::span<const sql::Migration> migrations() noexcept {
    // The table of the course with columns added, so that a row of a plain sink still fits.
    static constexpr sql::Migration all[] = {
        {.name = "V1__orders_and_keys", .sql = R"(
create table orders(id bigint auto_increment primary key, user_id varchar(50) not null,
  product_id varchar(120) not null, order_id varchar(50) not null unique,
  qty int default 0, unit_price int default 0, total_price int default 0,
  created_at datetime(3) default current_timestamp(3),
  status varchar(12) not null default 'PENDING', reason varchar(200), version int not null default 0,
  instance_id varchar(80));
create index ix_orders_user on orders(user_id, id);
create index ix_orders_status on orders(status, id);
create table idempotency_key(user_id varchar(50) not null, idem_key varchar(128) not null,
  body_sha256 char(64) not null, state varchar(8) not null, status int, response text, order_id varchar(50),
  expires_at datetime(3) not null, primary key(user_id, idem_key));
create index ix_key_order on idempotency_key(order_id);
create index ix_key_expiry on idempotency_key(expires_at);
)"},
    };
    return all;
}

}  // namespace flotilla::shop::order

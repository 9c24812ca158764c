#include "flotilla/shop/catalog/schema.hpp"

#include <string>

#include "flotilla/base/text.hpp"

namespace flotilla::shop::catalog {

namespace {

constexpr const char* first_name = "V1__catalog_and_reservations";
constexpr std::string_view first = R"(
create table catalog(id bigint auto_increment primary key, product_id varchar(120) not null unique,
  product_name varchar(255) not null, stock int not null check(stock >= 0), unit_price int not null,
  version int not null default 0, created_at datetime(3) default current_timestamp(3),
  updated_at datetime(3) default current_timestamp(3));
create table stock_reservation(order_id varchar(50) primary key, product_id varchar(120) not null,
  qty int not null, status varchar(10) not null, updated_at datetime(3));
)";

}  // namespace

std::span<const sql::Migration> migrations(Profile profile) {
    static const std::string unchecked = replace_all(std::string(first), " check(stock >= 0)", "");
    static constexpr sql::Migration all[] = {{.name = first_name, .sql = first}};
    static const sql::Migration of_course[] = {{.name = first_name, .sql = unchecked}};
    if (profile == Profile::course) return of_course;
    return all;
}

}  // namespace flotilla::shop::catalog

#include "flotilla/shop/user/schema.hpp"

namespace flotilla::shop::user {

std::span<const sql::Migration> migrations() noexcept {
    static constexpr sql::Migration all[] = {
        {.name = "V1__users", .sql = R"(
create table users(id bigint auto_increment primary key, email varchar(50) not null unique,
  name varchar(50) not null, user_id varchar(36) not null unique, encrypted_pwd varchar(60) not null,
  version int not null default 0, created_at datetime(3) default current_timestamp(3));
)"},
    };
    return all;
}

}  // namespace flotilla::shop::user

create table orders(id bigint auto_increment primary key, user_id varchar(50) not null, product_id varchar(120) not null,
  order_id varchar(50) not null unique, qty int, unit_price int, total_price int, created_at timestamp default current_timestamp);
create index ix_orders_user on orders(user_id, id);

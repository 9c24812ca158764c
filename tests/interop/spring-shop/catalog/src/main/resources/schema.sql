create table catalog(id bigint auto_increment primary key, product_id varchar(120) not null unique, product_name varchar(255) not null,
  stock int not null check(stock >= 0), unit_price int not null, created_at timestamp default current_timestamp);
insert into catalog(product_id, product_name, stock, unit_price) values
  ('CATALOG-001', 'Berlin', 100, 1500), ('CATALOG-002', 'Tokyo', 110, 1000), ('CATALOG-003', 'Stockholm', 120, 2000);

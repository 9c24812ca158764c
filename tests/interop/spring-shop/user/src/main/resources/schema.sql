create table users(id bigint auto_increment primary key, email varchar(50) not null unique, name varchar(50) not null,
  user_id varchar(36) not null unique, encrypted_pwd varchar(60) not null);

#pragma once
/// The command line of shop-verify.

#include <chrono>
#include <string>

#include "flotilla/reflect/describe.hpp"
#include "flotilla/reflect/secret.hpp"

namespace flotilla::shop {

struct VerifyOptions {
    std::string gateway = "http://127.0.0.1:8000";
    std::string registry = "http://127.0.0.1:8761";
    std::string journal;
    std::string data;
    std::string order_db;
    std::string catalog_db;
    std::string db_user;
    reflect::Secret db_password;
    std::string initial = "CATALOG-001=100,CATALOG-002=110,CATALOG-003=120";
    std::string logs;
    std::string secrets;
    std::chrono::milliseconds settle{60'000};
    std::chrono::milliseconds timeout{10'000};
    std::string json;
    bool help = false;
};

FLT_DESCRIBE_CONFIG(
    VerifyOptions,
    (gateway, "Where the shop is (http://127.0.0.1:8000)."),
    (registry,
     "Where its order instances are found (http://127.0.0.1:8761); empty: they are not asked one by one."),
    (journal, "What shop-load wrote; several with commas."),
    (data, "The fleet's data folder: its SQLite files and its logs."),
    (order_db, "The orders' database, in place of DATA/orderdb.sqlite: mariadb://127.0.0.1/orderdb."),
    (catalog_db, "The catalog's database, in place of DATA/catalogdb.sqlite."),
    (db_user, "Who looks into MariaDB."),
    (db_password, "His password; or the variable DB_PASSWORD."),
    (initial, "The stock that the shop began with: CATALOG-001=100,...; empty: not known."),
    (logs, "A folder of logs, in place of DATA/log."),
    (secrets, "What must not be in a log, with commas; or the variable SHOP_SECRETS."),
    (settle, "How long orders may take to come to their end (60s)."),
    (timeout, "Of one request (10s).", min(std::chrono::milliseconds(1))),
    (json, "Writes the result as JSON to this file; - is the standard output."),
    (help, "This text.")
)

}  // namespace flotilla::shop

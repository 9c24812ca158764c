# Every library that Flotilla's modules stand on, found once. All of them are Debian 12 packages: see packages.txt.
# Read by our build, and by the installed package for whoever builds on Flotilla.

find_package(Threads REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(simdjson 3 REQUIRED)
find_package(EXPAT REQUIRED)
find_package(SQLite3 3.40 REQUIRED)

# Asio as every module uses it: its bodies compiled once, in modules/runtime/src/asio.cpp.
if(NOT TARGET flotilla_asio)
    add_library(flotilla_asio INTERFACE IMPORTED)
    target_link_libraries(flotilla_asio INTERFACE Boost::headers Threads::Threads)
    target_compile_definitions(flotilla_asio INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
endif()

# MariaDB's client has no package file for CMake.
if(NOT TARGET flotilla_mariadb)
    find_path(FLOTILLA_MARIADB_INCLUDE mysql.h PATH_SUFFIXES mariadb REQUIRED)
    find_library(FLOTILLA_MARIADB_LIBRARY mariadb REQUIRED)
    add_library(flotilla_mariadb INTERFACE IMPORTED)
    target_include_directories(flotilla_mariadb SYSTEM INTERFACE ${FLOTILLA_MARIADB_INCLUDE})
    target_link_libraries(flotilla_mariadb INTERFACE ${FLOTILLA_MARIADB_LIBRARY})
endif()

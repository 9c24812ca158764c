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

# RE2 of Debian 12 comes without a CMake package.
if(NOT TARGET re2::re2)
    find_path(RE2_INCLUDE_DIR re2/re2.h REQUIRED)
    find_library(RE2_LIBRARY re2 REQUIRED)
    add_library(re2::re2 UNKNOWN IMPORTED)
    set_target_properties(re2::re2 PROPERTIES
        IMPORTED_LOCATION ${RE2_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${RE2_INCLUDE_DIR})
    target_link_libraries(re2::re2 INTERFACE Threads::Threads)
endif()
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

# nghttp2 has no package file for CMake either.
if(NOT TARGET flotilla_nghttp2)
    find_path(FLOTILLA_NGHTTP2_INCLUDE nghttp2/nghttp2.h REQUIRED)
    find_library(FLOTILLA_NGHTTP2_LIBRARY nghttp2 REQUIRED)
    add_library(flotilla_nghttp2 INTERFACE IMPORTED)
    target_include_directories(flotilla_nghttp2 SYSTEM INTERFACE ${FLOTILLA_NGHTTP2_INCLUDE})
    target_link_libraries(flotilla_nghttp2 INTERFACE ${FLOTILLA_NGHTTP2_LIBRARY})
endif()

# Every library that Flotilla stands on, found once. All of them are Debian 12 packages: see packages.txt.

find_package(Threads REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(simdjson 3 REQUIRED)

if(FLOTILLA_TESTS)
    find_package(GTest 1.12 REQUIRED)
endif()
if(FLOTILLA_BENCHMARKS)
    find_package(benchmark 1.7 REQUIRED)
endif()

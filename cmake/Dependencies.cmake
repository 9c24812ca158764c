# Every library that Flotilla's modules stand on, found once. All of them are Debian 12 packages: see packages.txt.
# Read by our build, and by the installed package for whoever builds on Flotilla.

find_package(Threads REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(simdjson 3 REQUIRED)

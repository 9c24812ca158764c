# The real rules, and one module on floor 1 to stand on: what every fixture begins with.
# A fixture is a project whose own folder is one module; test_rules.py says what the build must answer.

list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR}/../../cmake)
include(Toolchain)
include(FlotillaModule)
add_subdirectory(${CMAKE_CURRENT_LIST_DIR}/keel keel)

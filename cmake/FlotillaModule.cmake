# flotilla_module: one folder, one target, one include root, one sentence, one floor.
#
#   flotilla_module(resilience
#       FLOOR 2
#       PURPOSE "Circuit breaker, retry, rate limiter, bulkhead and time limiter as pure policies"
#       HEADERS include/flotilla/resilience/circuit_breaker.hpp ...
#       SOURCES src/circuit_breaker.cpp ...
#       DEPS flotilla::base ...            other modules: a lower floor only, checked here
#       LINK fmt::fmt ...                  outside libraries that show in the public headers
#       PRIVATE_LINK OpenSSL::SSL ...      outside libraries that do not
#       TESTS tests/circuit_breaker_test.cpp ...
#       BENCH bench/circuit_breaker_bench.cpp ...
#       FUZZ fuzz/name_fuzz.cpp ...)
#
# It makes the library flotilla_<name> (alias flotilla::<name>), the program flotilla_<name>_tests when the module has
# tests, flotilla_<name>_bench when it has benchmarks, and one program fuzz_<file> for each fuzz target. A dependency on
# the same or a higher floor stops the configuration. A module's include root is its own, so that including a module
# that is not declared does not compile; FILE_SET HEADERS makes every public header be compiled alone
# (target all_verify_interface_header_sets).

function(flotilla_module name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "FLOOR;PURPOSE" "HEADERS;SOURCES;DEPS;LINK;PRIVATE_LINK;TESTS;BENCH;FUZZ")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "flotilla_module(${name}): unknown argument ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT DEFINED arg_FLOOR OR NOT arg_PURPOSE)
        message(FATAL_ERROR "flotilla_module(${name}): FLOOR and PURPOSE are required")
    endif()

    foreach(dep IN LISTS arg_DEPS)
        if(NOT TARGET ${dep})
            message(FATAL_ERROR "${name}: depends on ${dep}, which does not exist (yet): is it on a lower floor?")
        endif()
        get_target_property(real ${dep} ALIASED_TARGET)
        get_target_property(dep_floor ${real} FLOTILLA_FLOOR)
        if("${dep_floor}" STREQUAL "dep_floor-NOTFOUND")
            message(FATAL_ERROR "${name}: ${dep} is no Flotilla module; name outside libraries under LINK or PRIVATE_LINK")
        endif()
        if(NOT dep_floor LESS arg_FLOOR)
            message(FATAL_ERROR "${name} (floor ${arg_FLOOR}) may not depend on ${dep} (floor ${dep_floor})")
        endif()
    endforeach()

    set(target flotilla_${name})
    if(arg_SOURCES)
        add_library(${target} STATIC ${arg_SOURCES})
        set(scope PUBLIC)
        target_link_libraries(${target} PRIVATE ${arg_PRIVATE_LINK} $<BUILD_INTERFACE:flotilla_warnings>)
        flotilla_precompile(${target} ${arg_FLOOR})
    else()
        add_library(${target} INTERFACE)
        set(scope INTERFACE)
    endif()
    add_library(flotilla::${name} ALIAS ${target})
    target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS include FILES ${arg_HEADERS})
    target_link_libraries(${target} ${scope} ${arg_DEPS} ${arg_LINK})
    set_target_properties(${target} PROPERTIES FLOTILLA_FLOOR ${arg_FLOOR} EXPORT_NAME ${name})
    set_property(GLOBAL APPEND PROPERTY FLOTILLA_MODULE_ROWS "| ${arg_FLOOR} | `${name}` | ${arg_PURPOSE} |")

    if(FLOTILLA_TESTS AND arg_TESTS)
        add_executable(${target}_tests ${arg_TESTS})
        target_link_libraries(${target}_tests PRIVATE ${target} GTest::gmock GTest::gtest_main flotilla_warnings ${arg_PRIVATE_LINK})
        target_include_directories(${target}_tests PRIVATE src tests)
        target_compile_definitions(${target}_tests PRIVATE FLOTILLA_SOURCE_DIR="${CMAKE_CURRENT_SOURCE_DIR}")
        flotilla_precompile_tests(${target}_tests)
        add_test(NAME ${name} COMMAND ${target}_tests)
        set_property(GLOBAL APPEND PROPERTY FLOTILLA_TEST_PROGRAMS ${target}_tests)
    endif()
    if(FLOTILLA_BENCHMARKS AND arg_BENCH)
        add_executable(${target}_bench ${arg_BENCH})
        target_link_libraries(${target}_bench PRIVATE ${target} benchmark::benchmark_main flotilla_warnings)
        target_include_directories(${target}_bench PRIVATE src)
    endif()
    if(FLOTILLA_FUZZERS)
        foreach(source IN LISTS arg_FUZZ)
            cmake_path(GET source STEM stem)
            add_executable(fuzz_${stem} ${source})
            target_link_libraries(fuzz_${stem} PRIVATE ${target} flotilla_warnings)
            target_include_directories(fuzz_${stem} PRIVATE src)
            target_link_options(fuzz_${stem} PRIVATE -fsanitize=fuzzer)
        endforeach()
    endif()
endfunction()

# Precompiled headers: the standard library for floors 1 and 2; Asio's awaitable joins from floor 3 on, where it is allowed.
function(flotilla_precompile target floor)
    if(NOT FLOTILLA_PCH)
        return()
    endif()
    target_precompile_headers(${target} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch/standard.hpp)
endfunction()

function(flotilla_precompile_tests target)
    if(FLOTILLA_PCH)
        target_precompile_headers(${target} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch/tests.hpp)
    endif()
endfunction()

# The list of modules for the docs, so that it cannot rot.
function(flotilla_write_module_table file)
    get_property(rows GLOBAL PROPERTY FLOTILLA_MODULE_ROWS)
    list(JOIN rows "\n" text)
    file(WRITE ${file} "| floor | module | what it is |\n|---|---|---|\n${text}\n")
endfunction()

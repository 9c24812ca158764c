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
#       HEAP_TESTS tests/allocation_test.cpp   includes counted_heap.hpp of modules/base/testing: not with sanitizers
#       BENCH bench/circuit_breaker_bench.cpp ...
#       FUZZ fuzz/name_fuzz.cpp ...)
#
# It makes the library flotilla_<name> (alias flotilla::<name>), the program flotilla_<name>_tests when the module has
# tests, flotilla_<name>_bench when it has benchmarks, one program fuzz_<subject> for each fuzz/<subject>_fuzz.cpp (its
# first inputs are fuzz/corpus/<subject>), and the install part. A dependency on the same or a higher floor stops the
# configuration. A module's include root is its own, so that including a module that is not declared does not compile;
# FILE_SET HEADERS makes every public header be compiled alone (target all_verify_interface_header_sets). tests/build
# shows each of these refusals.
#
#   flotilla_program(hello SOURCES main.cpp LINK flotilla::service)
#
# makes build/<preset>/bin/hello, which './dev up' builds; INSTALL after the name installs it too.
#
# Targets over all of it: modules, programs, unit_tests, benchmarks (not part of "all"), fuzzers.

include(GNUInstallDirs)

foreach(group modules programs unit_tests benchmarks fuzzers)
    if(NOT TARGET ${group})
        add_custom_target(${group})
    endif()
endforeach()

function(flotilla_module name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "FLOOR;PURPOSE" "HEADERS;SOURCES;DEPS;LINK;PRIVATE_LINK;TESTS;HEAP_TESTS;BENCH;FUZZ")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "flotilla_module(${name}): unknown argument ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT DEFINED arg_FLOOR OR NOT arg_PURPOSE)
        message(FATAL_ERROR "flotilla_module(${name}): FLOOR and PURPOSE are required")
    endif()

    flotilla_check_floors(${name} ${arg_FLOOR} ${arg_DEPS})

    set(target flotilla_${name})
    if(arg_SOURCES)
        add_library(${target} STATIC ${arg_SOURCES})
        set(scope PUBLIC)
        target_link_libraries(${target} PRIVATE ${arg_PRIVATE_LINK} $<BUILD_INTERFACE:flotilla_warnings>)
        flotilla_precompile(${target} standard)
    else()
        add_library(${target} INTERFACE)
        set(scope INTERFACE)
    endif()
    add_library(flotilla::${name} ALIAS ${target})
    target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS include FILES ${arg_HEADERS})
    target_link_libraries(${target} ${scope} ${arg_DEPS} ${arg_LINK})
    target_compile_features(${target} ${scope} cxx_std_23)
    set_target_properties(${target} PROPERTIES FLOTILLA_FLOOR ${arg_FLOOR} EXPORT_NAME ${name})
    set_property(GLOBAL APPEND PROPERTY FLOTILLA_MODULES ${name})
    set_property(GLOBAL PROPERTY FLOTILLA_${name}_FLOOR ${arg_FLOOR})
    set_property(GLOBAL PROPERTY FLOTILLA_${name}_PURPOSE "${arg_PURPOSE}")
    set_property(GLOBAL PROPERTY FLOTILLA_${name}_DEPS "${arg_DEPS}")
    add_dependencies(modules ${target})
    install(TARGETS ${target} EXPORT flotilla
        ARCHIVE COMPONENT development
        FILE_SET HEADERS COMPONENT development)

    # What tests of several modules need. A header there compiles where its module is among the dependencies.
    set(testing base runtime http service)
    list(TRANSFORM testing REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/modules/\\1/testing")
    if(FLOTILLA_TESTS AND arg_TESTS)
        add_executable(${target}_tests ${arg_TESTS})
        target_link_libraries(${target}_tests PRIVATE ${target} GTest::gmock GTest::gtest_main flotilla_warnings ${arg_PRIVATE_LINK})
        target_include_directories(${target}_tests PRIVATE src tests ${testing})
        if(NOT FLOTILLA_SANITIZE)
            target_sources(${target}_tests PRIVATE ${arg_HEAP_TESTS})
        endif()
        target_compile_definitions(${target}_tests PRIVATE FLOTILLA_SOURCE_DIR="${CMAKE_CURRENT_SOURCE_DIR}")
        flotilla_precompile(${target}_tests tests)
        add_test(NAME ${name} COMMAND ${target}_tests)
        flotilla_list_program(${target}_tests test unit_tests)
    endif()
    if(FLOTILLA_BENCHMARKS AND arg_BENCH)
        add_executable(${target}_bench EXCLUDE_FROM_ALL ${arg_BENCH})
        target_link_libraries(${target}_bench PRIVATE ${target} benchmark::benchmark_main flotilla_warnings)
        target_include_directories(${target}_bench PRIVATE src ${testing})
        flotilla_list_program(${target}_bench bench benchmarks)
    endif()
    if(FLOTILLA_FUZZERS)
        foreach(source IN LISTS arg_FUZZ)
            cmake_path(GET source STEM stem)
            string(REGEX REPLACE "_fuzz$" "" stem ${stem})
            add_executable(fuzz_${stem} ${source})
            target_link_libraries(fuzz_${stem} PRIVATE ${target} flotilla_warnings)
            target_include_directories(fuzz_${stem} PRIVATE src)
            target_link_options(fuzz_${stem} PRIVATE -fsanitize=fuzzer)
            flotilla_list_program(fuzz_${stem} fuzz fuzzers)
        endforeach()
    endif()
endfunction()

function(flotilla_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "INSTALL" "" "SOURCES;LINK")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
        message(FATAL_ERROR "flotilla_program(${name}): SOURCES are required, LINK and INSTALL possible")
    endif()
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE ${arg_LINK} flotilla_warnings)
    flotilla_list_program(${name} program programs)
    if(arg_INSTALL)
        install(TARGETS ${name} COMPONENT programs)
    endif()
endfunction()

# Downward only.
function(flotilla_check_floors name floor)
    foreach(dep IN LISTS ARGN)
        if(NOT TARGET ${dep})
            message(FATAL_ERROR "${name}: depends on ${dep}, which does not exist (yet): is it on a lower floor?")
        endif()
        get_target_property(real ${dep} ALIASED_TARGET)
        if(NOT real)
            set(real ${dep})
        endif()
        get_target_property(dep_floor ${real} FLOTILLA_FLOOR)
        if("${dep_floor}" STREQUAL "dep_floor-NOTFOUND")
            message(FATAL_ERROR "${name}: ${dep} is no Flotilla module; name outside libraries under LINK or PRIVATE_LINK")
        endif()
        if(NOT dep_floor LESS floor)
            message(FATAL_ERROR "${name} (floor ${floor}) may not depend on ${dep} (floor ${dep_floor})")
        endif()
    endforeach()
endfunction()

# Precompiled headers are made once, in a target of their own, and shared by all that are compiled with the same flags.
function(flotilla_precompile target kind)
    if(FLOTILLA_PCH)
        target_precompile_headers(${target} REUSE_FROM flotilla_pch_${kind})
    endif()
endfunction()

function(flotilla_add_precompiled kind)
    if(FLOTILLA_PCH)
        set(here ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/pch)
        add_library(flotilla_pch_${kind} OBJECT ${here}/empty.cpp)
        target_link_libraries(flotilla_pch_${kind} PRIVATE flotilla_warnings ${ARGN})
        target_precompile_headers(flotilla_pch_${kind} PRIVATE ${here}/${kind}.hpp)
    endif()
endfunction()

# What was built, for ./dev: lines "kind name path" in programs.txt.
function(flotilla_list_program target kind group)
    add_dependencies(${group} ${target})
    set_property(GLOBAL APPEND_STRING PROPERTY FLOTILLA_PROGRAMS "${kind} ${target} $<TARGET_FILE:${target}>\n")
endfunction()

function(flotilla_write_programs file)
    get_property(lines GLOBAL PROPERTY FLOTILLA_PROGRAMS)
    file(GENERATE OUTPUT ${file} CONTENT "${lines}")
endfunction()

# The list and the picture of the modules for the docs, so that neither can rot: docs/modules.md is a copy of this file.
function(flotilla_write_module_table file)
    get_property(names GLOBAL PROPERTY FLOTILLA_MODULES)
    set(rows "")
    set(edges "")
    foreach(name IN LISTS names)
        get_property(floor GLOBAL PROPERTY FLOTILLA_${name}_FLOOR)
        get_property(purpose GLOBAL PROPERTY FLOTILLA_${name}_PURPOSE)
        get_property(deps GLOBAL PROPERTY FLOTILLA_${name}_DEPS)
        list(TRANSFORM deps REPLACE "^flotilla(::|_)" "")
        foreach(dep IN LISTS deps)
            string(APPEND edges "    ${name} --> ${dep}\n")
        endforeach()
        list(JOIN deps ", " deps)
        string(APPEND rows "| ${floor} | `${name}` | ${purpose} | ${deps} |\n")
    endforeach()
    file(WRITE ${file} "# Modules\n\nGenerated from the modules' CMakeLists.txt (`./dev format` refreshes it). "
        "A module may stand only on lower floors.\n\n"
        "| floor | module | what it is | stands on |\n|---|---|---|---|\n${rows}\n"
        "```mermaid\nflowchart TD\n${edges}```\n")
endfunction()

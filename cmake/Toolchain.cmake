# What every target of this build has in common: language, warnings, linker, sanitizers.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)

# Every target has the same flags: that is what lets them share one precompiled header.
add_compile_options(-fno-omit-frame-pointer -pthread)
add_link_options(-pthread)
add_compile_definitions(_GLIBCXX_ASSERTIONS)

# What goes to users is small. Instrumented programs are not slimmed: mold 1.10 falls over the fuzzers' sections.
set(slim OFF)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT FLOTILLA_SANITIZE)
    set(slim ON)
endif()

if(slim)
    # A program holds the functions that it can reach, not all of each file that it takes one from.
    add_compile_options(-ffunction-sections)
    add_link_options(-Wl,--gc-sections)
endif()

if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    # A precompiled header without a time stamp lets ccache share it between build folders.
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()

find_program(MOLD mold)
if(MOLD)
    add_link_options(-fuse-ld=mold)
    if(slim)
        # Functions of the same code are one, unless somebody asks for the address of one.
        add_link_options(-Wl,--icf=safe -Wl,-z,keep-text-section-prefix)
    endif()
endif()

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=true ${CCACHE})
endif()

if(FLOTILLA_SANITIZE)
    add_compile_options(-fsanitize=${FLOTILLA_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${FLOTILLA_SANITIZE})
endif()

# Warnings of our own code; system and dependency headers are not our business.
add_library(flotilla_warnings INTERFACE)
target_compile_options(flotilla_warnings INTERFACE
    -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wconversion
    # The first compiler's judgement counts: g++ 12 sees more, and some of it is not there.
    $<$<AND:$<BOOL:${FLOTILLA_WERROR}>,$<CXX_COMPILER_ID:Clang>>:-Werror>
    # g++ 12 sees through neither std::regex nor the frames of coroutines, and warns of what is not there.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-mismatched-new-delete>)

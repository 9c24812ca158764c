# cmake -DSOURCE=<this folder> -DTARGET=<a folder of the build> -P fetch.cmake
#
# Leaves in TARGET what of Swagger UI is embedded, compressed, in the version of package-lock.json, whose checksums npm
# verifies. Where npm cannot, the files are empty and missing.txt says why: everything else builds without them.

cmake_minimum_required(VERSION 3.25)

set(files swagger-ui-bundle.js swagger-ui.css)
set(workshop ${TARGET}/npm)

# Leaves empty files and the reason.
function(do_without reason)
    foreach(file IN LISTS files)
        file(WRITE ${TARGET}/${file}.gz "")
    endforeach()
    file(WRITE ${TARGET}/missing.txt "${reason}")
    message("Swagger UI is left out of this build: ${reason}. A later configuration tries again.")
endfunction()

file(REMOVE_RECURSE ${workshop})
file(MAKE_DIRECTORY ${workshop})
file(COPY ${SOURCE}/package.json ${SOURCE}/package-lock.json DESTINATION ${workshop})
find_program(NPM npm)
find_program(GZIP gzip REQUIRED)
if(NOT NPM)
    do_without("there is no npm")
    return()
endif()

# Scripts of packages never run.
execute_process(
    COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --no-progress --prefer-offline --loglevel=error
        --fetch-retries=0 --fetch-timeout=20000
    WORKING_DIRECTORY ${workshop}
    TIMEOUT 90
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT status EQUAL 0)
    set(code "${status}")
    if(output MATCHES "npm (error|ERR!) code ([A-Z_0-9]+)")
        set(code "${CMAKE_MATCH_2}")
    endif()
    do_without("npm could not fetch swagger-ui-dist (${code})")
    file(REMOVE_RECURSE ${workshop})
    return()
endif()

foreach(file IN LISTS files)
    execute_process(
        COMMAND ${GZIP} -9nc ${workshop}/node_modules/swagger-ui-dist/${file}
        OUTPUT_FILE ${TARGET}/${file}.gz
        COMMAND_ERROR_IS_FATAL ANY)
endforeach()
file(WRITE ${TARGET}/missing.txt "")
file(REMOVE_RECURSE ${workshop})

# cmake --install build/release --prefix ... [--component development]: headers, libraries, find_package(flotilla).

include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/flotilla)
file(WRITE ${CMAKE_BINARY_DIR}/flotillaConfig.cmake
    "include(\${CMAKE_CURRENT_LIST_DIR}/flotillaDependencies.cmake)\n"
    "include(\${CMAKE_CURRENT_LIST_DIR}/flotillaTargets.cmake)\n")
write_basic_package_version_file(${CMAKE_BINARY_DIR}/flotillaConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(FILES ${CMAKE_BINARY_DIR}/flotillaConfig.cmake ${CMAKE_BINARY_DIR}/flotillaConfigVersion.cmake
    DESTINATION ${package_dir} COMPONENT development)
install(FILES ${CMAKE_SOURCE_DIR}/cmake/Dependencies.cmake DESTINATION ${package_dir} RENAME flotillaDependencies.cmake
    COMPONENT development)
install(EXPORT flotilla NAMESPACE flotilla:: FILE flotillaTargets.cmake DESTINATION ${package_dir}
    COMPONENT development)

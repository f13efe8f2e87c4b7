# What `cmake --install` copies: the program, its configs and example, and a package for plugin authors. Nothing in it
# names the prefix, so the installed tree may be moved.
include(CMakePackageConfigHelpers)
set(LONGHAUL_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/longhaul)

install(TARGETS longhaul EXPORT longhaul)
install(TARGETS longhaul_cli)
install(DIRECTORY configs examples DESTINATION ${CMAKE_INSTALL_DATADIR}/longhaul PATTERN build EXCLUDE)
install(DIRECTORY include/longhaul ${CMAKE_BINARY_DIR}/generated/include/longhaul
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

install(EXPORT longhaul FILE longhaulTargets.cmake NAMESPACE longhaul:: DESTINATION ${LONGHAUL_PACKAGE_DIR})
configure_file(cmake/longhaulConfig.cmake.in ${CMAKE_BINARY_DIR}/generated/longhaulConfig.cmake @ONLY)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/longhaulConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_BINARY_DIR}/generated/longhaulConfig.cmake
  ${CMAKE_BINARY_DIR}/generated/longhaulConfigVersion.cmake
  cmake/LonghaulFlags.cmake
  cmake/LonghaulPlugins.cmake
  DESTINATION ${LONGHAUL_PACKAGE_DIR})

# What `cmake --install` copies: the program, its configs and example, and a package for plugin authors. Nothing in it
# names the prefix, so the installed tree may be moved.
include(CMakePackageConfigHelpers)
set(LONGHAUL_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/longhaul)

if(SKBUILD)  # a wheel holds no links, but copies of what they lead to
  install(TARGETS longhaul longhaul_math EXPORT longhaul LIBRARY NAMELINK_SKIP)
else()
  install(TARGETS longhaul longhaul_math EXPORT longhaul)
endif()
foreach(set ${LONGHAUL_OTHER_SETS})
  install(TARGETS longhaul_math_${set} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/glibc-hwcaps/${set} NAMELINK_SKIP)
endforeach()
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

# The program writes its manual page and its completions; the target longhaul_manual asks it to.
set(LONGHAUL_SAID ${CMAKE_BINARY_DIR}/generated/share)
file(MAKE_DIRECTORY ${LONGHAUL_SAID})
function(longhaul_says file folder)
  add_custom_command(OUTPUT ${LONGHAUL_SAID}/${file}
    COMMAND longhaul_cli ${ARGN} > ${LONGHAUL_SAID}/${file} DEPENDS longhaul_cli VERBATIM)
  install(FILES ${LONGHAUL_SAID}/${file} DESTINATION ${folder} OPTIONAL)
endfunction()
longhaul_says(longhaul.1 ${CMAKE_INSTALL_MANDIR}/man1 man)
longhaul_says(longhaul ${CMAKE_INSTALL_DATADIR}/bash-completion/completions completion bash)
longhaul_says(_longhaul ${CMAKE_INSTALL_DATADIR}/zsh/site-functions completion zsh)
longhaul_says(longhaul.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d completion fish)
add_custom_target(longhaul_manual ALL DEPENDS
  ${LONGHAUL_SAID}/longhaul.1 ${LONGHAUL_SAID}/longhaul ${LONGHAUL_SAID}/_longhaul ${LONGHAUL_SAID}/longhaul.fish)

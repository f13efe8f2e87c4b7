# `cpack -G DEB` in the build folder: a package for Debian, which depends on those of the libraries that are linked to
# (scripts/build_deb.sh).
set(CPACK_PACKAGE_NAME longhaul)
set(CPACK_PACKAGE_CONTACT "longhaul <longhaul@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Benchmark of sequence models on long-sequence tasks")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS gnuplot-nox)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR}/lib)
include(CPack)

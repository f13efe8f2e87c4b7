# The Debian package that scripts/build_deb.sh has made: what `cmake --install` copies, below /usr.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME longhaul)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "longhaul developers <longhaul@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION "Trains Transformers, linear attention, linear and nonlinear RNNs on long-sequence tasks
with the same budget and several seeds, and prints accuracy and cost in one table.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)  # longhaul_0.1.0_amd64.deb
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS gnuplot-nox)        # longhaul report
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "g++, cmake, ninja-build")  # models and tasks of one's own
include(CPack)

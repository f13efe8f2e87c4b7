# oneDNN by header and library. The package's own config also demands the OpenCL development files
# that its GPU half was built with, which nothing here uses.
find_path(DNNL_INCLUDE_DIR dnnl.hpp HINTS ${DNNL_ROOT}/include)
find_library(DNNL_LIBRARY dnnl HINTS ${DNNL_ROOT}/lib)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(DNNL REQUIRED_VARS DNNL_LIBRARY DNNL_INCLUDE_DIR)
if(DNNL_FOUND AND NOT TARGET DNNL::dnnl)
  add_library(DNNL::dnnl UNKNOWN IMPORTED)
  set_target_properties(DNNL::dnnl PROPERTIES IMPORTED_LOCATION ${DNNL_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${DNNL_INCLUDE_DIR})
endif()
mark_as_advanced(DNNL_INCLUDE_DIR DNNL_LIBRARY)

# KissFFT's C++ template, a header: it is compiled here, for the same bits on every machine.
find_path(KISSFFT_INCLUDE_DIR kissfft/kissfft.hh HINTS ${KISSFFT_ROOT}/include)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(KissFFT REQUIRED_VARS KISSFFT_INCLUDE_DIR)
if(KISSFFT_FOUND AND NOT TARGET KissFFT::kissfft)
  add_library(KissFFT::kissfft INTERFACE IMPORTED)
  set_target_properties(KissFFT::kissfft PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${KISSFFT_INCLUDE_DIR})
endif()
mark_as_advanced(KISSFFT_INCLUDE_DIR)

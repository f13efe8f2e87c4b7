# longhaul_unity(<target> <pattern>): sources whose path from the project matches compile as one a folder, in a quarter of the
# time, since what they include takes longer than they. Their file-local names must differ within a folder.
function(longhaul_unity target pattern)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # GCC 12 warns wrongly about lists of JSON where more is inlined.
    set_target_properties(${target} PROPERTIES UNITY_BUILD_CODE_BEFORE_INCLUDE
      "#pragma GCC diagnostic ignored \"-Wmaybe-uninitialized\"")
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    cmake_path(ABSOLUTE_PATH source OUTPUT_VARIABLE path)
    cmake_path(RELATIVE_PATH path BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
    if(path MATCHES "${pattern}")
      cmake_path(GET path PARENT_PATH room)
      cmake_path(GET room FILENAME room)
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${room})
    endif()
  endforeach()
endfunction()

# longhaul_add_plugin(<name> <file.cpp>...): builds <name>.so, which longhaul loads by --plugin or by `plugins:` in a
# suite. One of the files holds the LONGHAUL_PLUGIN(...) block.
function(longhaul_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE longhaul::longhaul)
  target_compile_definitions(${name} PRIVATE LONGHAUL_BUILDING_PLUGIN)
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so" CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  longhaul_flags(${name})
  if(NOT LONGHAUL_SANITIZE)  # an operator of the plugin's own is as fast as one of ours
    target_compile_options(${name} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O3>)
  endif()
endfunction()

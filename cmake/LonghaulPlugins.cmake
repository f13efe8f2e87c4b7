# longhaul_add_builtins(<target> <folder>...): compiles the models or tasks of these folders, a file each, into the
# target and generates register_builtins() from the names of the files.
function(longhaul_add_builtins target)
  set(declarations "")
  set(calls "")
  foreach(folder ${ARGN})
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
    target_sources(${target} PRIVATE ${files})
    foreach(file ${files})
      get_filename_component(name ${file} NAME_WE)
      string(APPEND declarations "void longhaul_enter_${name}(longhaul::Registry&);\n")
      string(APPEND calls "  longhaul_enter_${name}(registry);\n")
    endforeach()
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/builtins.cpp CONTENT
"// Generated from the files of models/ and tasks/.
#include \"core/builtins.h\"

${declarations}
namespace longhaul {
void register_builtins([[maybe_unused]] Registry& registry) {
${calls}}
}  // namespace longhaul
")
  target_sources(${target} PRIVATE ${CMAKE_BINARY_DIR}/generated/builtins.cpp)
endfunction()

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

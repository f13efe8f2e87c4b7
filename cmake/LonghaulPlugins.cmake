# longhaul_add_builtins(<target> <file.cpp>...): compiles models or tasks into the target and notes
# their names, so that register_builtins() is generated from the same list and cannot forget one.
function(longhaul_add_builtins target)
  foreach(file ${ARGN})
    target_sources(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    get_filename_component(name ${file} NAME_WE)
    set_property(GLOBAL APPEND PROPERTY LONGHAUL_BUILTINS ${name})
  endforeach()
endfunction()

# longhaul_write_builtins(<target>): generates register_builtins() and adds it to the target.
function(longhaul_write_builtins target)
  get_property(names GLOBAL PROPERTY LONGHAUL_BUILTINS)
  set(declarations "")
  set(calls "")
  foreach(name ${names})
    string(APPEND declarations "void longhaul_enter_${name}(longhaul::Registry&);\n")
    string(APPEND calls "  longhaul_enter_${name}(registry);\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/builtins.cpp CONTENT
"// Generated from the lists in models/ and tasks/.
#include \"harness/suite/builtins.h\"

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

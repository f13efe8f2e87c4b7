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

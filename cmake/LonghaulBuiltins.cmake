# The models and tasks, a file each, with what they share; register_builtins() is generated from the names of the files.
file(GLOB builtins CONFIGURE_DEPENDS models/*.cpp tasks/*.cpp)
file(GLOB_RECURSE shared CONFIGURE_DEPENDS parts/*.cpp tasks/files/*.cpp tasks/pathfinder/*.cpp)
add_library(longhaul_builtins OBJECT ${builtins} ${shared})
target_include_directories(longhaul_builtins PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(longhaul_builtins PRIVATE longhaul_math OpenMP::OpenMP_CXX fmt::fmt nlohmann_json::nlohmann_json PNG::PNG ZLIB::ZLIB)
longhaul_flags(longhaul_builtins)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)  # GCC 12 warns wrongly about strings where headers are precompiled
  target_compile_options(longhaul_builtins PRIVATE -Wno-stringop-overflow -Wno-array-bounds)
endif()
longhaul_precompile(longhaul_builtins <longhaul/mixer.h> <longhaul/ops.h> <longhaul/task.h>)
if(NOT LONGHAUL_SANITIZE)
  target_compile_options(longhaul_builtins PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O3>)
endif()

set(declarations "")
set(calls "")
foreach(file ${builtins})
  get_filename_component(name ${file} NAME_WE)
  string(APPEND declarations "void longhaul_enter_${name}(longhaul::Registry&);\n")
  string(APPEND calls "  longhaul_enter_${name}(registry);\n")
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
target_sources(longhaul PRIVATE ${CMAKE_BINARY_DIR}/generated/builtins.cpp $<TARGET_OBJECTS:longhaul_builtins>)

# The rooms math/ and support/ as one shared library, longhaul_math, once for each instruction set: the first set's lies
# beside longhaul, the others' in glibc-hwcaps/<set> below it, where the dynamic loader looks first if the processor has
# the set. All of them give the same bits, so that it does not matter which one is loaded.
set(LONGHAUL_SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(LONGHAUL_OTHER_SETS ${LONGHAUL_INSTRUCTION_SETS})
if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
  set(LONGHAUL_OTHER_SETS generic)
endif()
list(POP_FRONT LONGHAUL_OTHER_SETS LONGHAUL_FIRST_SET)

# What computes little is compiled once for all sets.
file(GLOB support CONFIGURE_DEPENDS support/*.cpp)
file(GLOB plain CONFIGURE_DEPENDS math/*.cpp)
list(FILTER plain EXCLUDE REGEX "/(optimizer|instruction_set)\\.cpp$")
add_library(longhaul_support OBJECT ${support} ${plain})
target_include_directories(longhaul_support PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(longhaul_support PRIVATE OpenMP::OpenMP_CXX fmt::fmt nlohmann_json::nlohmann_json)
longhaul_flags(longhaul_support)
longhaul_precompile(longhaul_support <fmt/format.h> <nlohmann/json.hpp>)
longhaul_unity(longhaul_support "^support/")
set_source_files_properties(${plain} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
set_source_files_properties(math/peak.cpp PROPERTIES COMPILE_OPTIONS -O3)  # with less, its chains are not in registers

if(LONGHAUL_MPI)
  find_package(MPI REQUIRED COMPONENTS CXX)
  set_source_files_properties(math/ranks.cpp PROPERTIES
    COMPILE_DEFINITIONS "LONGHAUL_MPI;OMPI_SKIP_MPICXX;MPICH_SKIP_MPICXX" INCLUDE_DIRECTORIES "${MPI_CXX_INCLUDE_DIRS}")
endif()

function(longhaul_add_math target set)
  file(GLOB kernels CONFIGURE_DEPENDS math/*/*.cpp)
  add_library(${target} SHARED math/optimizer.cpp math/instruction_set.cpp ${kernels}
    $<TARGET_OBJECTS:longhaul_support>)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME longhaul_math VERSION ${LONGHAUL_SOVERSION}
    SOVERSION ${LONGHAUL_SOVERSION})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
           $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/generated/include>
           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_definitions(${target} PRIVATE LONGHAUL_INSTRUCTION_SET="${set}")
  target_link_libraries(${target} PRIVATE KissFFT::kissfft OpenMP::OpenMP_CXX fmt::fmt nlohmann_json::nlohmann_json)
  if(LONGHAUL_MPI)
    target_link_libraries(${target} PRIVATE ${MPI_CXX_LIBRARIES})
  endif()
  longhaul_flags(${target})
  longhaul_precompile(${target} <longhaul/ops.h>)
  # A kernel's inline functions are those of its own set, whoever else has some of the same name.
  target_compile_options(${target} PRIVATE -fvisibility-inlines-hidden)
  target_link_options(${target} PRIVATE -Wl,-Bsymbolic-functions)
  if(NOT LONGHAUL_SANITIZE)  # nothing of the rooms above
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
  if(NOT set STREQUAL generic)
    target_compile_options(${target} PRIVATE -march=${set})
  endif()
  if(set STREQUAL generic AND LONGHAUL_OTHER_SETS)
    target_compile_options(${target} PRIVATE -O1)  # for old machines, where it is slow in any case
  elseif(NOT LONGHAUL_SANITIZE)
    target_compile_options(${target} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O3>)
  endif()
endfunction()

longhaul_add_math(longhaul_math ${LONGHAUL_FIRST_SET})
foreach(set ${LONGHAUL_OTHER_SETS})
  longhaul_add_math(longhaul_math_${set} ${set})
  set_target_properties(longhaul_math_${set} PROPERTIES
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/glibc-hwcaps/${set})
  add_dependencies(longhaul_math longhaul_math_${set})
endforeach()

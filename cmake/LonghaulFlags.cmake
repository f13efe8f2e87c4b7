# Compiler flags of every target of the project.
function(longhaul_flags target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wno-sign-compare -Wno-psabi)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # GCC 12 warns wrongly about "literal" + std::string (its bug 105329).
    target_compile_options(${target} PRIVATE -Wno-restrict)
  else()
    # Clang says where a loop is not vectorised, and none is where little is optimised.
    target_compile_options(${target} PRIVATE -Wno-pass-failed)
  endif()
  # Kernels vectorise only when errno and trapping need not be honoured; results keep IEEE values. A multiply-add is
  # fused where the source says so and nowhere else, lest results depend on the processor and on the compiler.
  target_compile_options(${target} PRIVATE -fno-math-errno -fno-trapping-math -ffp-contract=off)
  if(LONGHAUL_NATIVE)  # plugins, which are built where they run
    target_compile_options(${target} PRIVATE -march=native)
  endif()
  if(LONGHAUL_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(LONGHAUL_SANITIZE)
    # Left out is what costs a third of the compile time and finds hardly anything else: the address sanitizer stops at
    # null pointers and beyond objects too, and x86 reads unaligned numbers.
    target_compile_options(${target} PRIVATE -fsanitize=${LONGHAUL_SANITIZE} -fno-sanitize=null,object-size,vptr,alignment
      -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${LONGHAUL_SANITIZE})
    if(NOT CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      target_compile_definitions(${target} PRIVATE __SANITIZE_ADDRESS__)  # which GCC says by itself
    endif()
  endif()
endfunction()

# longhaul_precompile(<target> <header>...): precompiles the headers and those of the standard library that most files
# include.
function(longhaul_precompile target)
  target_precompile_headers(${target} PRIVATE ${ARGN} <algorithm> <cmath> <filesystem> <fstream> <functional> <map>
    <memory> <optional> <set> <sstream> <string> <vector>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # so that ccache sees what was precompiled
  endif()
endfunction()

# Compiler flags of every target of the project.
function(longhaul_flags target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wno-sign-compare -Wno-psabi
    -Wno-restrict)  # GCC 12 warns wrongly about "literal" + std::string (its bug 105329)
  # Kernels vectorise only when errno and trapping need not be honoured; results keep IEEE values.
  target_compile_options(${target} PRIVATE -fno-math-errno -fno-trapping-math)
  if(LONGHAUL_NATIVE)
    target_compile_options(${target} PRIVATE -march=native)
  endif()
  if(LONGHAUL_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(LONGHAUL_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${LONGHAUL_SANITIZE} -fno-omit-frame-pointer
      -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${LONGHAUL_SANITIZE})
  endif()
endfunction()

# Warnings are errors in our own code. The same flags for g++ 12 and clang 19.
add_library(weir_flags INTERFACE)
target_compile_options(weir_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror -fno-omit-frame-pointer)
# Designated initialisers leave out what has a default on purpose.
target_compile_options(weir_flags INTERFACE -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports overlapping string copies that cannot happen (GCC bug 105329 and kin) at -O2.
  target_compile_options(weir_flags INTERFACE -Wno-restrict)
elseif(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  # std::stable_sort of libstdc++ 12 uses a function that libstdc++ 12 deprecates, and clang reports it at our call.
  target_compile_options(weir_flags INTERFACE -Wno-deprecated-declarations)
endif()
if(WEIR_SANITIZE)
  target_compile_options(weir_flags INTERFACE -fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(weir_flags INTERFACE -fsanitize=${WEIR_SANITIZE})
endif()

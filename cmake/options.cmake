# Compiler options of all our own targets, carried by the interface library nd_options.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(nd_options INTERFACE)
target_compile_options(nd_options INTERFACE
  -Wall -Wextra $<$<BOOL:${ND_WERROR}>:-Werror>
  # GCC 12 sees overlapping copies in std::string where there are none (GCC bug 105651).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  # The stable_sort of GCC 12's library calls a function that the library deprecates.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>
  # Fused multiply-adds are written out where they are wanted, so that results do not depend on
  # what a compiler contracts.
  -ffp-contract=off
  -ffunction-sections -fdata-sections)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  # The oldest processors served; Highway's kernels choose better instructions at run time.
  target_compile_options(nd_options INTERFACE -march=x86-64-v2)
endif()

if(ND_SANITIZE)
  target_compile_options(nd_options INTERFACE -fsanitize=${ND_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(nd_options INTERFACE -fsanitize=${ND_SANITIZE})
  if(ND_SANITIZE MATCHES "undefined")
    target_compile_options(nd_options INTERFACE -fno-sanitize-recover=all)
  endif()
endif()

# Makes a library count how often each of its lines ran (npm run coverage).
function(nd_count_lines target)
  if(NOT ND_COVERAGE)
    return()
  endif()
  # Atomic, since what gcov derives from counts that threads have lost would show lines as unreached.
  target_compile_options(${target} PRIVATE
    --coverage -fprofile-update=atomic -fprofile-abs-path -O1)
  target_link_options(${target} PUBLIC --coverage)
endfunction()

if(ND_FUZZ)
  target_compile_options(nd_options INTERFACE -fsanitize=fuzzer-no-link)
  # What is fuzzed reads and checks; kernels of one instruction set are enough and compile in a quarter of the time.
  target_compile_definitions(nd_options INTERFACE HWY_COMPILE_ONLY_STATIC=1)
endif()

# Compiler flags, sanitizers, the compiler cache and the packages that everything shares.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(yaml-cpp REQUIRED)
find_package(RocksDB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
find_package(mimalloc 2 REQUIRED)

find_program(CCACHE ccache)
if(CCACHE)
  # the sloppiness is what lets ccache serve objects that use a precompiled header; paths relative to the checkout let
  # a second clone use what a first one compiled
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

add_library(gantry_flags INTERFACE)
target_include_directories(gantry_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(gantry_flags INTERFACE -Wall -Wextra -Wpedantic -Werror=return-type -Wno-missing-field-initializers
                       -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # false positives of g++ 12 around coroutines and std::optional, and about types of a unity batch, which it takes for a
  # header: their parts are from one file; -fpch-preprocess is what ccache needs
  target_compile_options(gantry_flags INTERFACE -Wno-maybe-uninitialized -Wno-mismatched-new-delete -Wno-subobject-linkage
                         -fpch-preprocess)
endif()
target_compile_definitions(gantry_flags INTERFACE FMT_HEADER_ONLY=0 SPDLOG_FMT_EXTERNAL SPDLOG_COMPILED_LIB
                           BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(gantry_flags INTERFACE fmt::fmt Threads::Threads)
if(GANTRY_SANITIZE)
  target_compile_options(gantry_flags INTERFACE -fsanitize=${GANTRY_SANITIZE})
  target_link_options(gantry_flags INTERFACE -fsanitize=${GANTRY_SANITIZE})
endif()
if(GANTRY_COVERAGE)
  # an archive, so that it is linked once into every program; -u takes it also where only a later archive needs it
  add_library(gantry_coverage_exit STATIC cmake/coverage_exit.cc)
  target_compile_options(gantry_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(gantry_flags INTERFACE --coverage -Wl,--wrap=_exit,-u,__wrap__exit)
  target_link_libraries(gantry_flags INTERFACE gantry_coverage_exit)
endif()

# The consensus core, src/raft/core: a Rust library, built by cargo below the build tree: library gantry_raft_core.
# One cargo call, again only when a file of the crate changed. Its packages are those of the committed Cargo.lock; cargo
# takes them from its own cache and asks the network only for those that are not there. It is the same release library for
# every preset: sanitizers and coverage look at our C++.
find_program(GANTRY_CARGO cargo)
find_program(GANTRY_RUSTC rustc)
set(cargo_version 0)
if(GANTRY_CARGO AND GANTRY_RUSTC)
  execute_process(COMMAND ${GANTRY_CARGO} --version OUTPUT_VARIABLE cargo_version ERROR_QUIET)
  string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" cargo_version "0 ${cargo_version}")
endif()
if(NOT cargo_version VERSION_GREATER_EQUAL 1.88)
  message(FATAL_ERROR "Rust 1.88 or newer is needed to build the consensus core (src/raft/core): install Debian's packages "
                      "cargo-web and rustc-web (tools/setup does), or put a newer cargo and rustc on the PATH. "
                      "Found: ${GANTRY_CARGO} ${cargo_version}")
endif()

set(raft_core_source ${PROJECT_SOURCE_DIR}/src/raft/core)
set(raft_core_out ${PROJECT_BINARY_DIR}/raft_core)
set(raft_core_library ${raft_core_out}/release/libgantry_raft_core.a)
file(GLOB raft_core_files CONFIGURE_DEPENDS ${raft_core_source}/src/*.rs)

# protoc (of the core's messages) is looked for on the PATH
add_custom_command(
  OUTPUT ${raft_core_library}
  COMMAND ${GANTRY_CARGO} build --quiet --release --locked --manifest-path ${raft_core_source}/Cargo.toml
          --target-dir ${raft_core_out}
  # cargo leaves the library alone when nothing that matters changed; without this ninja would call it every time
  COMMAND ${CMAKE_COMMAND} -E touch ${raft_core_library}
  DEPENDS ${raft_core_files} ${raft_core_source}/Cargo.toml ${raft_core_source}/Cargo.lock
  COMMENT "cargo build (consensus core)"
  VERBATIM)
add_custom_target(gantry_raft_core_build DEPENDS ${raft_core_library})

add_library(gantry_raft_core STATIC IMPORTED GLOBAL)
set_target_properties(gantry_raft_core PROPERTIES IMPORTED_LOCATION ${raft_core_library})
add_dependencies(gantry_raft_core gantry_raft_core_build)

# examples/orders.yaml embedded: library gantry_example, which defines what src/up/example.h declares.
set(example_file ${PROJECT_SOURCE_DIR}/examples/orders.yaml)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${example_file})
file(READ ${example_file} GANTRY_EXAMPLE_YAML)
configure_file(${PROJECT_SOURCE_DIR}/cmake/example.cc.in ${PROJECT_BINARY_DIR}/generated/example.cc @ONLY)
add_library(gantry_example STATIC ${PROJECT_BINARY_DIR}/generated/example.cc)
target_link_libraries(gantry_example PUBLIC gantry_flags)

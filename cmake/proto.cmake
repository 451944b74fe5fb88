# The interfaces of proto/, generated below the build tree: library gantry_messages has the messages. Tests and measurements call
# us with gRPC's own client: gantry_proto_clients() gives them library gantry_proto_client.
find_package(Protobuf REQUIRED)

set(proto_source ${PROJECT_SOURCE_DIR}/proto)
set(proto_out ${PROJECT_BINARY_DIR}/generated/proto)
file(MAKE_DIRECTORY ${proto_out})
file(GLOB protos CONFIGURE_DEPENDS ${proto_source}/*.proto)

# gantry_generate(SUFFIX ARGUMENTS...): files NAME.SUFFIX.{cc,h} of every proto, listed in proto_generated.
function(gantry_generate suffix)
  set(generated)
  foreach(proto ${protos})
    get_filename_component(name ${proto} NAME_WE)
    set(files ${proto_out}/${name}.${suffix}.cc ${proto_out}/${name}.${suffix}.h)
    add_custom_command(
      OUTPUT ${files}
      COMMAND protobuf::protoc --proto_path=${proto_source} ${ARGN} ${proto}
      DEPENDS ${proto}
      COMMENT "Generating ${name}.${suffix}"
      VERBATIM)
    list(APPEND generated ${files})
  endforeach()
  set(proto_generated ${generated} PARENT_SCOPE)
endfunction()

gantry_generate(pb --cpp_out=${proto_out})
add_library(gantry_messages STATIC ${proto_generated})
target_include_directories(gantry_messages SYSTEM PUBLIC ${proto_out})
target_link_libraries(gantry_messages PUBLIC gantry_flags)
# PRIVATE: their compile flags would make the precompiled headers of those that use the messages useless
target_link_libraries(gantry_messages PRIVATE protobuf::libprotobuf)
target_compile_options(gantry_messages PRIVATE -w)
set_target_properties(gantry_messages PROPERTIES UNITY_BUILD OFF)  # its files repeat names

function(gantry_proto_clients)
  find_package(gRPC CONFIG REQUIRED)
  gantry_generate(grpc.pb --grpc_out=${proto_out} --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>)
  add_library(gantry_proto_client STATIC ${proto_generated})
  target_link_libraries(gantry_proto_client PUBLIC gantry_messages)
  target_link_libraries(gantry_proto_client PRIVATE gRPC::grpc++)
  target_compile_options(gantry_proto_client PRIVATE -w)
  set_target_properties(gantry_proto_client PROPERTIES UNITY_BUILD OFF)
endfunction()

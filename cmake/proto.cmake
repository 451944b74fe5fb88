# The gRPC interfaces of proto/, generated below the build tree: library gantry_proto.
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)

set(proto_source ${PROJECT_SOURCE_DIR}/proto)
set(proto_out ${PROJECT_BINARY_DIR}/generated/proto)
file(MAKE_DIRECTORY ${proto_out})
file(GLOB protos CONFIGURE_DEPENDS ${proto_source}/*.proto)
set(proto_generated)
foreach(proto ${protos})
  get_filename_component(name ${proto} NAME_WE)
  set(files ${proto_out}/${name}.pb.cc ${proto_out}/${name}.pb.h ${proto_out}/${name}.grpc.pb.cc ${proto_out}/${name}.grpc.pb.h)
  add_custom_command(
    OUTPUT ${files}
    COMMAND protobuf::protoc --proto_path=${proto_source} --cpp_out=${proto_out} --grpc_out=${proto_out}
            --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${proto}
    DEPENDS ${proto}
    COMMENT "Generating ${name}"
    VERBATIM)
  list(APPEND proto_generated ${files})
endforeach()
add_library(gantry_proto STATIC ${proto_generated})
target_include_directories(gantry_proto SYSTEM PUBLIC ${proto_out})
target_link_libraries(gantry_proto PUBLIC gantry_flags)
# PRIVATE: their compile flags would make the precompiled headers of those that use the interfaces useless
target_link_libraries(gantry_proto PRIVATE gRPC::grpc++ gRPC::grpc++_reflection protobuf::libprotobuf)
target_compile_options(gantry_proto PRIVATE -w)

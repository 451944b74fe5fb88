#include "rpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include "reflection.pb.h"

namespace gantry::rpc {

namespace {

namespace reflection_wire = ::grpc::reflection::v1;
namespace pb = ::google::protobuf;

// The file and what it imports, each once.
void add_file(const pb::FileDescriptor& file, std::set<std::string>& added,
              reflection_wire::FileDescriptorResponse& response) {
  if (!added.insert(file.name()).second) return;
  pb::FileDescriptorProto proto;
  file.CopyTo(&proto);
  response.add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) add_file(*file.dependency(i), added, response);
}

void not_found(reflection_wire::ServerReflectionResponse& response, const std::string& what) {
  response.mutable_error_response()->set_error_code(static_cast<int>(Code::not_found));
  response.mutable_error_response()->set_error_message(what + " is not known here");
}

reflection_wire::ServerReflectionResponse answer(const reflection_wire::ServerReflectionRequest& request,
                                                 const std::set<std::string>& services) {
  using Request = reflection_wire::ServerReflectionRequest;
  reflection_wire::ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  const pb::DescriptorPool& pool = *pb::DescriptorPool::generated_pool();
  const auto give = [&](const pb::FileDescriptor* file, const std::string& what) {
    std::set<std::string> added;
    if (file == nullptr) return not_found(response, what);
    add_file(*file, added, *response.mutable_file_descriptor_response());
  };
  switch (request.message_request_case()) {
    case Request::kListServices:
      for (const std::string& name : services) response.mutable_list_services_response()->add_service()->set_name(name);
      break;
    case Request::kFileByFilename:
      give(pool.FindFileByName(request.file_by_filename()), request.file_by_filename());
      break;
    case Request::kFileContainingSymbol:
      give(pool.FindFileContainingSymbol(request.file_containing_symbol()), request.file_containing_symbol());
      break;
    case Request::kFileContainingExtension: not_found(response, "an extension"); break;
    case Request::kAllExtensionNumbersOfType: not_found(response, request.all_extension_numbers_of_type()); break;
    case Request::MESSAGE_REQUEST_NOT_SET:
      response.mutable_error_response()->set_error_code(static_cast<int>(Code::invalid_argument));
      response.mutable_error_response()->set_error_message("expected a question, got none");
  }
  return response;
}

}  // namespace

void serve_reflection(Server& server, std::set<std::string> services) {
  for (const char* version : {"v1", "v1alpha"})
    services.insert(fmt::format("grpc.reflection.{}.ServerReflection", version));
  const BothWays handler = [services](std::shared_ptr<Call> call) {
    std::weak_ptr<Call> weak = call;
    call->on_message = [weak, services](std::string bytes) {
      auto call = weak.lock();
      reflection_wire::ServerReflectionRequest request;
      if (!call) return;
      if (!request.ParseFromString(bytes)) return call->finish({Code::invalid_argument, "no ServerReflectionRequest"});
      call->send(answer(request, services).SerializeAsString());
    };
    call->on_ended = [weak] {
      if (auto call = weak.lock()) call->finish({});
    };
  };
  // the messages of both are the same on the wire
  server.both_ways("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", handler);
  server.both_ways("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", handler);
}

}  // namespace gantry::rpc

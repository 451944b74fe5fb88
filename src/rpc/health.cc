#include "rpc/health.h"

#include "health.pb.h"

namespace gantry::rpc {

namespace health_wire = ::grpc::health::v1;

std::string Health::status_of(const std::string& service) const {
  health_wire::HealthCheckResponse response;
  auto status = serving_ ? health_wire::HealthCheckResponse::SERVING : health_wire::HealthCheckResponse::NOT_SERVING;
  if (!services_.contains(service)) status = health_wire::HealthCheckResponse::SERVICE_UNKNOWN;
  response.set_status(status);
  return response.SerializeAsString();
}

std::shared_ptr<Health> Health::serve(Server& server, std::set<std::string> services) {
  auto health = std::make_shared<Health>();
  health->services_ = std::move(services);
  health->services_.insert("");
  server.unary("/grpc.health.v1.Health/Check",
               [health](std::string bytes) -> boost::asio::awaitable<Result<std::string>> {
                 health_wire::HealthCheckRequest request;
                 if (!request.ParseFromString(bytes)) co_return fail(Errc::invalid_argument, "no HealthCheckRequest");
                 if (!health->services_.contains(request.service()))
                   co_return fail(Errc::not_found, "there is no service {} here", request.service());
                 co_return health->status_of(request.service());
               });
  server.server_stream("/grpc.health.v1.Health/Watch", [health](std::shared_ptr<Call> call, std::string bytes) {
    health_wire::HealthCheckRequest request;
    if (!request.ParseFromString(bytes)) return call->finish({Code::invalid_argument, "no HealthCheckRequest"});
    call->send(health->status_of(request.service()));
    if (!health->services_.contains(request.service())) return;
    health->watching_.insert(call);
    call->on_gone = [health, weak = std::weak_ptr(call)] { health->watching_.erase(weak.lock()); };
  });
  return health;
}

void Health::not_serving() {
  serving_ = false;
  for (const auto& call : watching_) call->send(status_of(""));
}

}  // namespace gantry::rpc

// Replicas as the API server says them: listed, watched, unknown while it does not answer.
#include "scaler/replica_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/drive.h"
#include "unit/kube_api/fake_api_server.h"

namespace gantry::scaler {
namespace {

using kube_api::FakeApiServer;
using testing::HasSubstr;

class ReplicaWatched : public testing::Test {
 protected:
  ReplicaWatched() {
    kube_api::Access access;
    access.server = server.url();
    watch.emplace(std::make_shared<kube_api::Client>(io, access));
    server.on_request = [this](FakeApiServer::ConnectionPtr connection) {
      const bool is_hpa = connection->target.find("horizontalpodautoscalers") != std::string::npos;
      if (connection->target.find("watch=1") != std::string::npos) {
        connection->begin_stream();
        (is_hpa ? hpa_stream : object_stream) = connection;
      } else if (is_hpa && !hpas_allowed) {
        connection->answer(403, R"({"kind":"Status","code":403,"message":"horizontalpodautoscalers is forbidden"})");
      } else {
        connection->answer(200, R"({"metadata":{"resourceVersion":"7"},"items":[)" + (is_hpa ? hpas : objects) + "]}");
      }
    };
  }
  ~ReplicaWatched() override {
    watch->stop();
    io.restart();
    io.poll();
  }
  std::string replicas(const std::string& name) {
    const ObjectReplicas found = watch->now().find("shop", name);
    return found.current ? std::to_string(*found.current) : found.unknown;
  }
  static std::string object(const char* name) {
    return fmt::format(R"({{"metadata":{{"namespace":"shop","name":"{}","resourceVersion":"8"}},"spec":{{}}}})", name);
  }
  static std::string hpa(const char* name, int replicas) {
    return fmt::format(
        R"({{"metadata":{{"namespace":"shop","name":"keda-hpa-{}","resourceVersion":"8"}},"status":{{"currentReplicas":{},)"
        R"("conditions":[{{"type":"AbleToScale","status":"True"}}]}}}})",
        name, replicas);
  }
  static std::string event(const char* type, const std::string& object) {
    return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object);
  }

  boost::asio::io_context io{1};
  FakeApiServer server{io};
  std::optional<ReplicaWatch> watch;
  std::string objects = object("orders"), hpas = hpa("orders", 3);
  bool hpas_allowed = true;
  FakeApiServer::ConnectionPtr object_stream, hpa_stream;
};

TEST_F(ReplicaWatched, GivenListsAndEventsThenTheNewestCountIsKnown) {
  EXPECT_THAT(replicas("orders"), HasSubstr("the Kubernetes API: not listed yet"));
  watch->start();
  ASSERT_TRUE(test::run_until(io, [&] { return object_stream && hpa_stream; }));
  EXPECT_EQ(replicas("orders"), "3");
  hpa_stream->send(event("MODIFIED", hpa("orders", 4)));
  object_stream->send(event("ADDED", object("bills")));
  ASSERT_TRUE(test::run_until(io, [&] { return replicas("orders") == "4"; })) << replicas("orders");
  ASSERT_TRUE(test::run_until(io, [&] { return replicas("bills") == "there is no HPA keda-hpa-bills"; }));
  object_stream->send(event("DELETED", object("orders")));
  ASSERT_TRUE(test::run_until(io, [&] { return replicas("orders").find("no ScaledObject") != std::string::npos; }));
}

TEST_F(ReplicaWatched, GivenAnotherListThenWhatIsNotOnItIsGone) {
  watch->start();
  ASSERT_TRUE(test::run_until(io, [&] { return object_stream && hpa_stream; }));
  objects = object("bills");
  object_stream->send(event("ERROR", R"({"kind":"Status","code":410,"message":"too old"})"));
  object_stream.reset();
  ASSERT_TRUE(test::run_until(io, [&] { return object_stream != nullptr; }));
  EXPECT_THAT(replicas("orders"), HasSubstr("no ScaledObject"));
  EXPECT_THAT(replicas("bills"), HasSubstr("no HPA"));
}

TEST_F(ReplicaWatched, GivenAListThatIsForbiddenThenReplicasAreUnknownForThatReason) {
  hpas_allowed = false;
  watch->start();
  ASSERT_TRUE(test::run_until(io, [&] { return replicas("orders").find("is forbidden") != std::string::npos; }))
      << replicas("orders");
  EXPECT_THAT(watch->now().unknown(), HasSubstr("the Kubernetes API: "));
  hpas_allowed = true;
  ASSERT_TRUE(test::run_until(io, [&] { return replicas("orders") == "3"; })) << replicas("orders");
}

}  // namespace
}  // namespace gantry::scaler

// `gantry scaler` as KEDA meets it: a gRPC client of the public interface, our broker, real messages.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/sync_stream.h>

#include <atomic>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "externalscaler.grpc.pb.h"
#include "health.grpc.pb.h"
#include "integration/commit_offset.h"
#include "integration/gantry_process.h"
#include "reflection.grpc.pb.h"
#include "unit/net/certificates.h"

namespace gantry::integration {
namespace {

namespace wire = externalscaler;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

std::string text_of(const std::string& file) { return read_file(file); }

// One open StreamIsActive, read by a thread of its own.
class ActiveStream {
 public:
  ActiveStream(wire::ExternalScaler::Stub& stub, const wire::ScaledObjectRef& ref)
      : reader_(stub.StreamIsActive(&context_, ref)), thread_([this] {
          wire::IsActiveResponse response;
          while (reader_->Read(&response)) {
            const std::lock_guard lock(mutex_);
            (response.result() ? active_at_ : inactive_at_) = std::chrono::steady_clock::now();
            changed_.notify_all();
          }
          const std::lock_guard lock(mutex_);
          status_ = reader_->Finish();
          changed_.notify_all();
        }) {}
  ~ActiveStream() {
    context_.TryCancel();
    thread_.join();
  }

  using Time = std::chrono::steady_clock::time_point;
  std::optional<Time> active_at() {
    return wait_for([this] { return active_at_; });
  }
  bool active_after(Time time) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 15s, [&] { return active_at_ && *active_at_ > time; });
  }
  std::optional<Time> inactive_at() {
    return wait_for([this] { return inactive_at_; });
  }
  std::optional<grpc::Status> status() {
    return wait_for([this] { return status_; });
  }

 private:
  template <class Get>
  auto wait_for(Get get) -> decltype(get()) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 15s, [&] { return get().has_value(); });
    return get();
  }

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<wire::IsActiveResponse>> reader_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Time> active_at_, inactive_at_;
  std::optional<grpc::Status> status_;
  std::thread thread_;
};

class ScalerTest : public WithBroker {
 protected:
  void SetUp() override {
    WithBroker::SetUp();
    ASSERT_EQ(run({"topic", "create", "orders", "--queues", "4"}).code, 0);
  }
  void TearDown() override {
    stub.reset();
    scaler.reset();
    WithBroker::TearDown();
  }

  void start_scaler(const std::string& yaml = {}, std::shared_ptr<grpc::ChannelCredentials> credentials = {}) {
    const auto [grpc_port, http_port] = free_ports();
    address = "localhost:" + std::to_string(grpc_port);
    std::ofstream(directory / "scaler.yaml") << yaml;
    std::vector<std::string> arguments = {"scaler",
                                          "--config",
                                          (directory / "scaler.yaml").string(),
                                          "--grpc-listen",
                                          "127.0.0.1:" + std::to_string(grpc_port),
                                          "--http",
                                          "127.0.0.1:" + std::to_string(http_port)};
    if (!metrics_address.empty()) arguments.insert(arguments.end(), {"--metrics-listen", metrics_address});
    scaler = start(std::move(arguments));
    connect(credentials ? credentials : grpc::InsecureChannelCredentials());
    ASSERT_TRUE(eventually([&] {
      return scaler->ended() || scaler->err().find("KEDA external scaler on") != std::string::npos ||
             scaler->out().find("KEDA external scaler on") != std::string::npos;
    }));
    ASSERT_FALSE(scaler->ended()) << scaler->err();
  }
  void connect(std::shared_ptr<grpc::ChannelCredentials> credentials) {
    channel = grpc::CreateChannel(address, credentials);
    stub = wire::ExternalScaler::NewStub(channel);
  }

  wire::ScaledObjectRef ref(std::map<std::string, std::string> more = {}) {
    wire::ScaledObjectRef ref;
    ref.set_name("orders");
    ref.set_namespace_("shop");
    auto& metadata = *ref.mutable_scalermetadata();
    metadata["scalerAddress"] = address;
    metadata["nameServers"] = name_server;
    metadata["topic"] = "orders";
    metadata["consumerGroup"] = "workers";
    for (const auto& [key, value] : more) metadata[key] = value;
    return ref;
  }
  struct Answer {
    grpc::Status status;
    double value = 0;
  };
  Answer metric(const wire::ScaledObjectRef& ref, const std::string& name = "lag") {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 10s);
    wire::GetMetricsRequest request;
    *request.mutable_scaledobjectref() = ref;
    request.set_metricname(name);
    wire::GetMetricsResponse response;
    Answer answer{stub->GetMetrics(&context, request, &response)};
    if (answer.status.ok() && response.metricvalues_size() == 1)
      answer.value = response.metricvalues(0).metricvaluefloat();
    return answer;
  }
  Answer active(const wire::ScaledObjectRef& ref) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 10s);
    wire::IsActiveResponse response;
    Answer answer{stub->IsActive(&context, ref, &response)};
    answer.value = response.result() ? 1 : 0;
    return answer;
  }
  void send(int count, const std::string& topic = "orders") {
    ASSERT_EQ(run({"send", "--topic", topic, "--body", "x", "--count", std::to_string(count)}).code, 0);
  }

  std::string address;
  std::string metrics_address;  // empty: no such listener
  std::unique_ptr<Running> scaler;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<wire::ExternalScaler::Stub> stub;
};

constexpr const char* kFreshReadings = "rocketmq: {readingMaxAge: 100ms}\n";

TEST_F(ScalerTest, GivenAMessageThatWaitsForItsRetryOfPopThenTheTriggerIsActiveAllTheTime) {
  start_scaler();
  send(1);
  const auto popping = ref({{"mode", "pop"}});
  ASSERT_TRUE(eventually([&] { return active(popping).value == 1; }));
  auto refused =
      start({"consume", "--one", "--topic", "orders", "--group", "workers", "--retry-after", "1s", "--exec", "false"});
  while (!refused->ended()) EXPECT_EQ(active(popping).value, 1);
  ASSERT_TRUE(eventually([&] {
    EXPECT_EQ(active(popping).value, 1);
    return lag("orders", "workers").at("retry") == 1;
  }));
  const auto until = std::chrono::steady_clock::now() + 3s;  // longer than any reading is kept
  while (std::chrono::steady_clock::now() < until && !HasFailure()) {
    EXPECT_EQ(active(popping).value, 1);
    EXPECT_EQ(metric(popping).value, 1);
  }
  ASSERT_EQ(run({"consume", "--one", "--topic", "orders", "--group", "workers", "--exec", "true"}).code, 0);
  EXPECT_TRUE(eventually([&] { return active(popping).value == 0; }));
}

TEST_F(ScalerTest, GivenABacklogThenItIsTheMetricAndTheWorkloadIsActive) {
  start_scaler(kFreshReadings);
  EXPECT_EQ(metric(ref()).value, 0);
  EXPECT_EQ(active(ref()).value, 0);
  send(25);
  ASSERT_TRUE(eventually([&] { return metric(ref()).value == 25; }));
  EXPECT_EQ(active(ref()).value, 1);
  EXPECT_EQ(active(ref({{"activationLagThreshold", "25"}})).value, 0);
  // and seconds beside messages
  const auto seconds = ref({{"lagSecondsThreshold", "30"}});
  const Answer age = metric(seconds, "lag-seconds");
  ASSERT_TRUE(age.status.ok()) << age.status.error_message();
  EXPECT_GT(age.value, 0);
  EXPECT_LT(age.value, 60);
  grpc::ClientContext context;
  wire::GetMetricSpecResponse specs;
  ASSERT_TRUE(stub->GetMetricSpec(&context, seconds, &specs).ok());
  ASSERT_EQ(specs.metricspecs_size(), 2);
  EXPECT_EQ(specs.metricspecs(0).metricname(), "lag");
  EXPECT_EQ(specs.metricspecs(0).targetsizefloat(), 10);
  EXPECT_EQ(specs.metricspecs(1).metricname(), "lag-seconds");
  EXPECT_EQ(specs.metricspecs(1).targetsize(), 30);
}

TEST_F(ScalerTest, GivenAGroupBeyondTheEndOfAQueueThenItsLagIsUnknownAndSaysWhatToDo) {
  start_scaler(kFreshReadings);
  send(8);
  ASSERT_TRUE(commit_offset(broker_address, "workers", "orders", 2, 1'000));
  Answer lag;
  ASSERT_TRUE(eventually([&] {
    lag = metric(ref());
    return !lag.status.ok();
  }));
  EXPECT_EQ(lag.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(lag.status.error_message(), HasSubstr("beyond the end of queue 2"));
  EXPECT_THAT(lag.status.error_message(), HasSubstr("gantry group reset"));
  EXPECT_EQ(active(ref()).value, 1) << "six messages of the other queues wait";
  const Answer unknown = active(ref({{"activationLagThreshold", "6"}}));
  EXPECT_EQ(unknown.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  ASSERT_EQ(run({"group", "reset", "workers", "--topic", "orders", "--to", "earliest"}).code, 0);
  EXPECT_TRUE(eventually([&] { return metric(ref()).value == 8; }));
}

TEST_F(ScalerTest, GivenMessagesHeldBackUntilTheirDeliveryTimeThenTheyCountWhenTheTriggerSaysSo) {
  start_scaler(kFreshReadings);
  const auto with = ref({{"includeDelayed", "true"}});
  EXPECT_EQ(metric(with).value, 0);
  ASSERT_EQ(run({"send", "--topic", "orders", "--count", "12", "--delay", "3s"}).code, 0);
  send(3);
  ASSERT_TRUE(eventually([&] { return metric(with).value == 15; }));
  EXPECT_EQ(metric(ref()).value, 3);
  EXPECT_EQ(active(ref({{"includeDelayed", "true"}, {"activationLagThreshold", "14"}})).value, 1);
  EXPECT_EQ(active(ref({{"activationLagThreshold", "3"}})).value, 0);
  // none is lost or counted twice once they are due
  ASSERT_TRUE(eventually([&] { return metric(ref()).value == 15; }));
  ASSERT_TRUE(eventually([&] { return metric(with).value == 15; }));
}

TEST_F(ScalerTest, GivenWhatCannotBeKnownThenTheAnswerIsAnErrorAndNeverANumber) {
  start_scaler();
  const auto unknown_topic = metric(ref({{"topic", "nowhere"}}));
  EXPECT_EQ(unknown_topic.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(unknown_topic.status.error_message(), HasSubstr("nowhere"));
  const auto no_cluster = active(ref({{"nameServers", "127.0.0.1:1"}}));
  EXPECT_EQ(no_cluster.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(no_cluster.status.error_message(), HasSubstr("127.0.0.1:1"));
  const auto no_metric = metric(ref(), "lags");
  EXPECT_EQ(no_metric.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(no_metric.status.error_message(), HasSubstr("expected one of lag, lag-seconds"));
  const auto no_name = metric(ref({{"credentials", "nobody"}}));
  EXPECT_EQ(no_name.status.error_code(), grpc::StatusCode::NOT_FOUND);
  // a broker that goes away takes the value with it, not the targets
  EXPECT_TRUE(metric(ref()).status.ok());
  broker->signal(SIGKILL);
  broker->wait();
  ASSERT_TRUE(eventually([&] { return !metric(ref()).status.ok(); }));
  EXPECT_FALSE(active(ref()).status.ok());
  grpc::ClientContext context;
  wire::GetMetricSpecResponse specs;
  EXPECT_TRUE(stub->GetMetricSpec(&context, ref(), &specs).ok());
}

TEST_F(ScalerTest, GivenAnIdleWorkloadWhenTheFirstMessageComesThenItIsPushedAtOnce) {
  start_scaler();
  ActiveStream stream(*stub, ref());
  ASSERT_TRUE(stream.inactive_at());
  const auto before = std::chrono::steady_clock::now();
  send(1);
  const auto pushed = stream.active_at();
  ASSERT_TRUE(pushed);
  // with the start of a process and a send inside; the time alone is measured by `make bench`
  EXPECT_LT(*pushed - before, 1s);
}

TEST_F(ScalerTest, GivenAPollThatSaidInactiveWhenTheNextMessageComesThenItIsPushedAtOnce) {
  start_scaler(kFreshReadings);
  ActiveStream stream(*stub, ref());
  send(1);
  ASSERT_TRUE(stream.active_at());
  // drained, and KEDA's poll says so before the stream does: an active trigger is looked at every 5 s
  ASSERT_EQ(run({"consume", "--topic", "orders", "--group", "workers", "--count", "1"}).code, 0);
  ASSERT_TRUE(eventually([&] { return active(ref()).value == 0; }));
  const auto before = std::chrono::steady_clock::now();
  send(1);
  const auto sent = std::chrono::steady_clock::now();
  ASSERT_TRUE(stream.active_after(before));
  EXPECT_LT(*stream.active_at() - sent, 200ms);
}

TEST_F(ScalerTest, GivenABacklogBelowTheThresholdThenTheMessageThatReachesItIsPushed) {
  start_scaler();
  send(5);
  ActiveStream stream(*stub, ref({{"activationLagThreshold", "5"}}));
  ASSERT_TRUE(stream.inactive_at());
  send(1);
  EXPECT_TRUE(stream.active_at());
}

TEST_F(ScalerTest, GivenATopicThatIsCreatedLaterThenItsFirstMessageIsPushed) {
  start_scaler();
  ActiveStream stream(*stub, ref({{"topic", "later"}}));
  ASSERT_EQ(run({"topic", "create", "later"}).code, 0);
  send(1, "later");
  EXPECT_TRUE(stream.active_at());
}

TEST_F(ScalerTest, GivenSigtermThenStreamsEndWithOkAndTheProcessWithZero) {
  start_scaler();
  ActiveStream active_stream(*stub, ref());
  ASSERT_TRUE(active_stream.inactive_at());
  grpc::ClientContext context;
  auto specs = stub->StreamMetricSpec(&context, ref());
  wire::GetMetricSpecResponse response;
  ASSERT_TRUE(specs->Read(&response)) << "the current value on open";
  EXPECT_EQ(response.metricspecs(0).targetsizefloat(), 10);
  scaler->signal(SIGTERM);
  EXPECT_FALSE(specs->Read(&response));
  EXPECT_TRUE(specs->Finish().ok());
  const auto status = active_stream.status();
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->ok()) << status->error_message();
  EXPECT_EQ(scaler->wait().code, 0);
}

TEST_F(ScalerTest, GivenCallsThatWaitForAClusterWhenItEndsThenItDoesSoInTime) {
  // a listener that takes connections and never answers
  using boost::asio::ip::tcp;
  boost::asio::io_context io;
  tcp::acceptor silent(io, {boost::asio::ip::address_v4::loopback(), 0});
  start_scaler();
  const std::string servers = "127.0.0.1:" + std::to_string(silent.local_endpoint().port());
  const auto started = std::chrono::steady_clock::now();
  std::thread caller([&] { EXPECT_FALSE(metric(ref({{"nameServers", servers}})).status.ok()); });
  silent.accept();
  scaler->signal(SIGTERM);
  EXPECT_EQ(scaler->wait().code, 0) << scaler->err();
  caller.join();
  EXPECT_LT(std::chrono::steady_clock::now() - started, 8s);
}

TEST_F(ScalerTest, GivenTlsWithClientCertificatesThenOnlyCallersOfTheAuthorityAreAnswered) {
  net::TestAuthority authority("the authority");
  const net::TlsFiles server = authority.issue("localhost");
  const net::TlsFiles client = authority.issue("keda-operator");
  const std::string yaml = fmt::format("grpc:\n  tls: {{certificate: {}, key: {}, clientCa: {}}}\n",
                                       server.certificate_file, server.key_file, authority.certificate_file());
  grpc::SslCredentialsOptions mutual{text_of(authority.certificate_file()), text_of(client.key_file),
                                     text_of(client.certificate_file)};
  start_scaler(yaml, grpc::SslCredentials(mutual));
  ASSERT_TRUE(metric(ref()).status.ok()) << metric(ref()).status.error_message();
  connect(grpc::SslCredentials({text_of(authority.certificate_file()), "", ""}));
  EXPECT_FALSE(metric(ref()).status.ok()) << "without a certificate";
  connect(grpc::InsecureChannelCredentials());
  EXPECT_FALSE(metric(ref()).status.ok()) << "without TLS";
  const auto told = [&](const char* what) { return (scaler->out() + scaler->err()).find(what) != std::string::npos; };
  EXPECT_TRUE(eventually([&] { return told("was refused: TLS handshake: "); })) << scaler->err() << scaler->out();
  net::TestAuthority other("another authority");
  const net::TlsFiles stranger = other.issue("keda-operator");
  connect(grpc::SslCredentials(
      {text_of(authority.certificate_file()), text_of(stranger.key_file), text_of(stranger.certificate_file)}));
  EXPECT_FALSE(metric(ref()).status.ok()) << "with a certificate of another authority";
}

TEST_F(ScalerTest, GivenACertificateThatIsRenewedThenNewConnectionsGetItAndOpenOnesStay) {
  net::TestAuthority before("the authority before"), after("the authority after");
  const net::TlsFiles first = before.issue("localhost"), second = after.issue("localhost");
  namespace fs = std::filesystem;
  fs::create_directories(directory / "tls");
  fs::copy_file(first.certificate_file, directory / "tls" / "tls.crt");
  fs::copy_file(first.key_file, directory / "tls" / "tls.key");
  start_scaler(
      fmt::format("grpc: {{tls: {{certificate: {0}/tls.crt, key: {0}/tls.key}}}}\n", (directory / "tls").string()),
      grpc::SslCredentials({text_of(before.certificate_file()), "", ""}));
  ASSERT_TRUE(metric(ref()).status.ok()) << metric(ref()).status.error_message();
  const auto old_stub = std::move(stub);
  const auto old_channel = channel;
  // as a mounted Secret changes: another file under the same name
  for (const auto& [from, to] :
       {std::pair(second.key_file, "tls.key"), std::pair(second.certificate_file, "tls.crt")}) {
    fs::copy_file(from, directory / "tls" / "new");
    fs::rename(directory / "tls" / "new", directory / "tls" / to);
  }
  ASSERT_TRUE(eventually([&] {
    connect(grpc::SslCredentials({text_of(after.certificate_file()), "", ""}));
    return metric(ref()).status.ok();
  }));
  grpc::ClientContext context;
  wire::IsActiveResponse response;
  EXPECT_TRUE(old_stub->IsActive(&context, ref(), &response).ok()) << "the connection from before";
}

TEST_F(ScalerTest, GivenCredentialsByNameThenTheyAreReadWhereTheyAreAndNobodyIsShownThem) {
  broker->signal(SIGKILL);
  broker->wait();
  const auto [a, b] = free_ports();
  name_server = "127.0.0.1:" + std::to_string(a);
  broker_address = "127.0.0.1:" + std::to_string(b);
  const std::vector<std::string> keys = {"--access-key", "admin", "--secret-key", "admin-hunter2"};
  broker = start({"broker", "--namesrv-listen", name_server, "--listen", broker_address, "--data",
                  (directory / "secured").string(), "--user", "admin:admin-hunter2", "--user", "reader:hunter2"});
  const auto as_admin = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), keys.begin(), keys.end());
    return run(std::move(arguments)).code;
  };
  ASSERT_TRUE(eventually([&] { return as_admin({"topic", "create", "orders"}) == 0; })) << broker->err();
  namespace fs = std::filesystem;
  fs::create_directories(directory / "credentials" / "orders-cluster");
  const auto put = [&](const char* file, const char* text) {
    std::ofstream(directory / "credentials" / "orders-cluster" / file) << text;
  };
  put("accessKey", "admin");
  put("secretKey", "wrong-hunter2");
  start_scaler(fmt::format("rocketmq: {{readingMaxAge: 100ms}}\ncredentials: {{directory: {}}}\n",
                           (directory / "credentials").string()));
  const auto object = ref({{"authMode", "acl"}, {"credentials", "orders-cluster"}});
  const Answer refused = metric(object);
  EXPECT_FALSE(refused.status.ok());
  EXPECT_THAT(refused.status.error_message(), Not(HasSubstr("hunter2")));
  put("secretKey", "admin-hunter2");  // rotated, no restart
  ASSERT_TRUE(eventually([&] { return metric(object).status.ok(); })) << metric(object).status.error_message();
  put("namespaces", "somebody-else");
  ASSERT_TRUE(eventually([&] { return !metric(object).status.ok(); }));
  EXPECT_THAT(metric(object).status.error_message(), HasSubstr("orders-cluster are not for objects of namespace"));
  const auto by_env = ref({{"authMode", "acl"}, {"accessKeyFromEnv", "admin"}, {"secretKeyFromEnv", "admin-hunter2"}});
  EXPECT_TRUE(metric(by_env).status.ok()) << metric(by_env).status.error_message();
  EXPECT_FALSE(metric(ref()).status.ok()) << "without any";
  EXPECT_THAT(scaler->out() + scaler->err(), Not(HasSubstr("hunter2")));
}

TEST_F(ScalerTest, GivenATriggerThatFailsThenTheLogSaysSoOnceAndWhenItIsWell) {
  start_scaler("rocketmq: {readingMaxAge: 100ms}");
  const auto object = ref({{"topic", "later"}});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(metric(object).status.ok());
  const auto said = [&] { return scaler->out() + scaler->err(); };
  ASSERT_TRUE(eventually([&] { return said().find("shop/orders (later by workers): ") != std::string::npos; }))
      << said();
  ASSERT_EQ(run({"topic", "create", "later", "--namesrv", name_server}).code, 0);
  ASSERT_TRUE(eventually([&] { return metric(object).status.ok(); }));
  ASSERT_TRUE(eventually([&] { return said().find("(later by workers): well again") != std::string::npos; })) << said();
  const std::string text = said();
  int lines = 0;
  for (std::size_t at = 0; (at = text.find("(later by workers)", at)) != std::string::npos; ++at) ++lines;
  EXPECT_EQ(lines, 2) << text;
}

TEST_F(ScalerTest, GivenACheckThenFilesAndNamesThatAreMissingAreToldBeforeAStart) {
  const auto check = [&](const std::string& yaml) {
    std::ofstream(directory / "check.yaml") << yaml;
    return run({"scaler", "--check", "--config", (directory / "check.yaml").string()});
  };
  EXPECT_EQ(check("grpc: {}").out, "ok\n");
  for (const auto& [yaml, told] : {
           std::pair("grpc: {tls: {certificate: /nope/tls.crt, key: /nope/tls.key}}", "grpc.tls: "),
           std::pair("rocketmq: {tls: {ca: /nope/ca.crt}}", "rocketmq.tls: "),
           std::pair("credentials: {directory: /nope}", "credentials.directory: expected a directory, got /nope"),
           std::pair("exporter: {nameServers: 'a:1', credentials: x}", "exporter.credentials: "),
       }) {
    const Ended ended = check(yaml);
    EXPECT_EQ(ended.code, 2) << yaml << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(told));
  }
  EXPECT_THAT(check("exporter: {nameServers: 'a:1'}").err, HasSubstr("no effect without --metrics-listen"));
}

TEST_F(ScalerTest, GivenHealthAndReflectionThenToolsAndProbesCanAsk) {
  start_scaler();
  auto health = grpc::health::v1::Health::NewStub(channel);
  const auto check = [&](const std::string& service) {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    grpc::health::v1::HealthCheckResponse response;
    const grpc::Status status = health->Check(&context, request, &response);
    return status.ok() ? static_cast<int>(response.status()) : -static_cast<int>(status.error_code());
  };
  EXPECT_EQ(check(""), grpc::health::v1::HealthCheckResponse::SERVING);
  EXPECT_EQ(check("externalscaler.ExternalScaler"), grpc::health::v1::HealthCheckResponse::SERVING);
  EXPECT_EQ(check("nothing"), -static_cast<int>(grpc::StatusCode::NOT_FOUND));
  grpc::ClientContext watch_context;
  auto watch = health->Watch(&watch_context, {});
  grpc::health::v1::HealthCheckResponse watched;
  ASSERT_TRUE(watch->Read(&watched));
  EXPECT_EQ(watched.status(), grpc::health::v1::HealthCheckResponse::SERVING);

  namespace reflection = grpc::reflection::v1;
  grpc::ClientContext context;
  auto stream = reflection::ServerReflection::NewStub(channel)->ServerReflectionInfo(&context);
  reflection::ServerReflectionRequest request;
  reflection::ServerReflectionResponse response;
  request.set_list_services("*");
  ASSERT_TRUE(stream->Write(request) && stream->Read(&response));
  std::vector<std::string> names;
  for (const auto& service : response.list_services_response().service()) names.push_back(service.name());
  EXPECT_THAT(names, testing::Contains("externalscaler.ExternalScaler"));
  request.set_file_containing_symbol("externalscaler.ExternalScaler");
  ASSERT_TRUE(stream->Write(request) && stream->Read(&response));
  EXPECT_EQ(response.file_descriptor_response().file_descriptor_proto_size(), 1);
  request.set_file_by_filename("nothing.proto");
  ASSERT_TRUE(stream->Write(request) && stream->Read(&response));
  EXPECT_EQ(response.error_response().error_code(), static_cast<int>(grpc::StatusCode::NOT_FOUND));
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());

  scaler->signal(SIGTERM);
  ASSERT_TRUE(watch->Read(&watched));
  EXPECT_EQ(watched.status(), grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(watch->Read(&watched));
  EXPECT_TRUE(watch->Finish().ok());
  EXPECT_EQ(scaler->wait().code, 0);
}

TEST_F(ScalerTest, GivenAMetricsListenerThenPrometheusGetsTheScalersNumbersAndTheClusters) {
  send(25);
  metrics_address = "127.0.0.1:" + std::to_string(free_ports().first);
  start_scaler(fmt::format("exporter: {{nameServers: \"{}\", interval: 1s, names: gantry}}\n", name_server));
  ASSERT_EQ(metric(ref()).value, 25);
  const auto scrape = [&](const std::string& path = "/metrics") {
    using boost::asio::ip::tcp;
    boost::asio::io_context io;
    tcp::socket socket(io);
    const auto port = static_cast<std::uint16_t>(std::stoi(metrics_address.substr(metrics_address.find(':') + 1)));
    boost::system::error_code error;
    socket.connect({boost::asio::ip::address_v4::loopback(), port}, error);
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    boost::asio::write(socket, boost::asio::buffer(request), error);
    std::string text;
    boost::asio::read(socket, boost::asio::dynamic_buffer(text), error);
    return text;
  };
  EXPECT_THAT(scrape(),
              HasSubstr("gantry_scaler_trigger_lag_messages{namespace=\"shop\",name=\"orders\",topics=\"orders\","
                        "group=\"workers\",name_servers=\"" +
                        name_server + "\"} 25\n"));
  EXPECT_THAT(scrape("/"), HasSubstr("href=\"metrics\""));
  const std::string stored =
      "gantry_rocketmq_topic_stored_messages{cluster=\"DefaultCluster\",broker=\"broker-a\",topic=\"orders\"} 25\n";
  EXPECT_TRUE(eventually([&] { return scrape().find(stored) != std::string::npos; })) << scrape();
  // a stream that we end leaves nothing behind: two messages where there is to be one
  using Method = grpc::internal::RpcMethod;
  const Method method("/externalscaler.ExternalScaler/StreamIsActive", Method::BIDI_STREAMING);
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<wire::ScaledObjectRef, wire::IsActiveResponse>> stream(
      grpc::internal::ClientReaderWriterFactory<wire::ScaledObjectRef, wire::IsActiveResponse>::Create(
          channel.get(), method, &context));
  wire::IsActiveResponse active;
  ASSERT_TRUE(stream->Write(ref()) && stream->Read(&active));
  EXPECT_THAT(scrape(), HasSubstr("gantry_scaler_watched_triggers 1\n"));
  ASSERT_TRUE(stream->Write(ref()));
  while (stream->Read(&active)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_TRUE(eventually([&] { return scrape().find("gantry_scaler_watched_triggers 0\n") != std::string::npos; }));
  EXPECT_THAT(scrape(), HasSubstr("gantry_scaler_grpc_calls_open 0\n"));
}

TEST_F(ScalerTest, GivenWhatNoKedaSendsThenItIsRefusedAndOthersAreServed) {
  start_scaler();
  ASSERT_TRUE(metric(ref()).status.ok());
  // a method that is not there
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckResponse response;
  const auto unknown =
      grpc::internal::RpcMethod("/externalscaler.ExternalScaler/Nothing", grpc::internal::RpcMethod::NORMAL_RPC);
  const grpc::Status status = grpc::internal::BlockingUnaryCall(channel.get(), unknown, &context,
                                                                grpc::health::v1::HealthCheckRequest{}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  // a caller that goes on after the answer to its one message
  const auto both_ways =
      grpc::internal::RpcMethod("/grpc.health.v1.Health/Check", grpc::internal::RpcMethod::BIDI_STREAMING);
  grpc::ClientContext talking;
  std::unique_ptr<grpc::ClientReaderWriter<grpc::health::v1::HealthCheckRequest, grpc::health::v1::HealthCheckResponse>>
      talk(grpc::internal::ClientReaderWriterFactory<grpc::health::v1::HealthCheckRequest,
                                                     grpc::health::v1::HealthCheckResponse>::Create(channel.get(),
                                                                                                    both_ways,
                                                                                                    &talking));
  ASSERT_TRUE(talk->Write({}));
  ASSERT_TRUE(talk->Read(&response));
  EXPECT_FALSE(talk->Read(&response)) << "ended by us, though the caller has not";
  const grpc::Status ended = talk->Finish();
  EXPECT_TRUE(ended.ok()) << ended.error_message();
  // a message that is too large
  const Answer large = metric(ref({{"topic", std::string(300'000, 'x')}}));
  EXPECT_EQ(large.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << large.status.error_message();
  // what is not HTTP/2, or only the beginning of it, or a frame of lies
  using boost::asio::ip::tcp;
  const std::string port = address.substr(address.find(':') + 1);
  boost::asio::io_context io;
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), preface, preface + std::string(9, '\xff'),
        preface + std::string("\0\0\4\1\5\0\0\0\1abcd", 13), std::string(70'000, '\0')}) {
    tcp::socket socket(io);
    socket.connect({boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::stoi(port))});
    boost::system::error_code ignored;
    boost::asio::write(socket, boost::asio::buffer(bytes), ignored);
    EXPECT_TRUE(metric(ref()).status.ok()) << bytes.substr(0, 10);
  }
}

TEST_F(ScalerTest, GivenAConfigurationThatIsWrongThenItIsRefusedWithFileAndLine) {
  std::ofstream(directory / "bad.yaml") << "grpc:\n  tsl: {}\n";
  const Ended ended = run({"scaler", "--config", (directory / "bad.yaml").string()});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err,
              HasSubstr("bad.yaml:2: grpc.tsl: expected a known field, got \"tsl\" (did you mean \"tls\"?)"));
  const Ended tls = run({"scaler", "--check", "--config", "/nonexistent.yaml"});
  EXPECT_EQ(tls.code, 2);
  EXPECT_THAT(tls.err, HasSubstr("/nonexistent.yaml cannot be opened"));
}

TEST_F(ScalerTest, GivenAPortThatIsTakenThenTheErrorSaysSo) {
  start_scaler();
  const Ended ended = run({"scaler", "--grpc-listen", "127.0.0.1" + address.substr(address.find(':'))});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("the port is in use"));
}

}  // namespace
}  // namespace gantry::integration

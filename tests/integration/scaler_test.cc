// `gantry scaler` as KEDA meets it: a gRPC client of the public interface, our broker, real messages.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "externalscaler.grpc.pb.h"
#include "integration/gantry_process.h"
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
    scaler = start({"scaler", "--config", (directory / "scaler.yaml").string(), "--grpc-listen",
                    "127.0.0.1:" + std::to_string(grpc_port), "--http", "127.0.0.1:" + std::to_string(http_port)});
    connect(credentials ? credentials : grpc::InsecureChannelCredentials());
    ASSERT_TRUE(eventually([&] {
      return scaler->ended() || scaler->err().find("KEDA external scaler on port") != std::string::npos ||
             scaler->out().find("KEDA external scaler on port") != std::string::npos;
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
  std::unique_ptr<Running> scaler;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<wire::ExternalScaler::Stub> stub;
};

constexpr const char* kFreshReadings = "rocketmq: {readingMaxAge: 100ms}\n";

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
  net::TestAuthority other("another authority");
  const net::TlsFiles stranger = other.issue("keda-operator");
  connect(grpc::SslCredentials(
      {text_of(authority.certificate_file()), text_of(stranger.key_file), text_of(stranger.certificate_file)}));
  EXPECT_FALSE(metric(ref()).status.ok()) << "with a certificate of another authority";
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

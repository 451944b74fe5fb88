#include "up/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "up/example.h"

namespace gantry::up {
namespace {

using testing::HasSubstr;

class PlanTest : public testing::Test {
 protected:
  PlanTest() {
    std::string pattern = testing::TempDir() + "gantry-plan-test-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~PlanTest() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
    return (directory_ / name).string();
  }
  // A scaled object on workers of the same name.
  static std::string object(const std::string& name, const std::string& name_server, const std::string& spec = {},
                            const std::string& annotations = "{}") {
    return "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " + name +
           "}\nspec:\n  selector: {matchLabels: {app: w}}\n  template:\n    metadata: {labels: {app: w}}\n"
           "    spec:\n      containers: [{name: w, image: i, command: [\"true\"]}]\n"
           "---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: " +
           name + ", annotations: " + annotations + "}\nspec:\n  scaleTargetRef: {name: " + name + "}\n" + spec +
           "  triggers:\n  - type: external\n    metadata: {scalerAddress: \"gantry-scaler:6000\", topic: t, "
           "consumerGroup: g" +
           (name_server.empty() ? std::string() : ", nameServers: \"" + name_server + "\"") + "}\n";
  }
  static std::string with_trigger(const std::string& trigger) {
    const std::string text = object("other", "");
    return text.substr(0, text.find("- type: external")) + "- " + trigger + "\n";
  }
  Result<Plan> plan(const std::string& yaml, Options options = {}) {
    options.files = {file("up.yaml", yaml)};
    return make_plan(options);
  }

  std::filesystem::path directory_;
};

TEST_F(PlanTest, GivenTriggersOfOneClusterThenItIsUsedUnlessAnotherIsGiven) {
  const std::string yaml = object("a", "ns:9876", "  minReplicaCount: 2\n") +
                           object("b", "ns:9876", "  idleReplicaCount: 0\n  minReplicaCount: 1\n");
  auto made = plan(yaml);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->name_servers, "ns:9876");
  EXPECT_FALSE(made->embedded);
  EXPECT_EQ(made->replicas_at_rest, 2);
  EXPECT_EQ(made->specs.size(), 2U);
  Options options;
  options.name_servers = "elsewhere:1;elsewhere:2";
  made = plan(yaml, options);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->name_servers, "elsewhere:1;elsewhere:2");
}

TEST_F(PlanTest, GivenTheAnnotationThenOurOwnBrokerRunsUnlessAClusterIsGiven) {
  const std::string yaml = object("a", "ns:9876", "", "{gantry/embedded-broker: \"true\"}");
  auto made = plan(yaml);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->embedded);
  Options options;
  options.name_servers = "ns:1";
  made = plan(yaml, options);
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->embedded);
}

TEST_F(PlanTest, GivenWhatCannotRunTogetherThenTheErrorSaysWhatToChange) {
  struct Case {
    const char* what;
    std::string yaml;
    std::vector<const char*> words;
  };
  const Case cases[] = {
      {"two clusters", object("a", "ns:1") + object("b", "ns:2"), {"up.yaml:", "ns:2, others' are ns:1", "--namesrv"}},
      {"no cluster",
       with_trigger("{type: external, metadata: {scalerAddress: \"gantry-scaler:6000\", topic: t, consumerGroup: g, "
                    "nameServersFromEnv: NAMESRV}}"),
       {"no trigger names a RocketMQ cluster", "gantry/embedded-broker"}},
      {"limits that contradict",
       object("a", "ns:1", "  minReplicaCount: 5\n  maxReplicaCount: 2\n") +
           object("b", "ns:1", "  minReplicaCount: 9\n  maxReplicaCount: 3\n"),
       {"up.yaml:17: spec.minReplicaCount", "which is 2, got 5", "up.yaml:38:", "which is 3, got 9"}},
      {"a trigger of another type",
       with_trigger("{type: kafka, metadata: {topic: t}}"),
       {"up.yaml:18: spec.triggers[0]: expected", "external or external-push", "gantry-scaler, got type kafka"}},
      {"a resource", with_trigger("{type: cpu, metadata: {value: \"50\"}}"), {"got type cpu"}},
      {"another scaler",
       with_trigger("{type: external, metadata: {scalerAddress: \"mine:1\"}}"),
       {"got type external of the scaler at mine:1"}},
      {"one of two cannot be read",
       object("a", "ns:1") + "  - {type: cron, metadata: {timezone: UTC}}\n",
       {"up.yaml:20: spec.triggers[1]", "got type cron"}},
      {"nothing to scale", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", {"no ScaledObject"}},
  };
  for (const Case& c : cases) {
    auto made = plan(c.yaml);
    ASSERT_FALSE(made) << c.what;
    EXPECT_EQ(made.error().code, Errc::invalid_argument) << c.what;
    for (const char* word : c.words) EXPECT_THAT(made.error().message, HasSubstr(word)) << c.what;
  }
}

TEST_F(PlanTest, GivenTriggerOptionsThatChangeNothingHereThenTheyAreSaid) {
  const std::string trigger =
      "type: external\n    metadata: {scalerAddress: \"gantry-scaler:6000\", topic: t, consumerGroup: g, nameServers: "
      "\"ns:9876\", tls: enable, credentials: c, excludePersistentLag: \"false\", lagThreshold: \"5\"}";
  auto made = plan(with_trigger(trigger));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(made->manifest->ignored,
              testing::UnorderedElementsAre(
                  "Deployment spec.template.spec.containers[].image",
                  "ScaledObject spec.triggers[0].metadata.credentials: say --access-key and --secret-key to gantry up",
                  "ScaledObject spec.triggers[0].metadata.tls: say --tls to gantry up"));
}

TEST_F(PlanTest, GivenABurstAndAClusterThatIsNotOursThenNothingIsSentUnlessAskedFor) {
  const std::string yaml = object(
      "a", "ns:9876", "", R"({gantry/embedded-broker: "true", gantry/generator: '{"topic": "t", "messages": 3000}'})");
  auto made = plan(yaml);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->generator);
  EXPECT_TRUE(made->new_broker);
  EXPECT_EQ(made->generator_off, "");
  Options options;
  options.name_servers = "ns:1";
  made = plan(yaml, options);
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->generator);
  EXPECT_EQ(made->generator_off,
            "the generator of up.yaml is off on a cluster that is not embedded; --generate turns it on");
  options.generate = true;
  made = plan(yaml, options);
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->generator);
  EXPECT_EQ(made->generator_off, "");
  made = plan(object("a", "ns:9876"), options);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("--generate: there is no annotation gantry/generator in "));
}

TEST_F(PlanTest, GivenOptionsOfTheEmbeddedBrokerWhenThereIsNoneThenTheyAreRefused) {
  const std::string yaml = object("a", "ns:9876", "", "{gantry/embedded-broker: \"true\"}");
  Options options;
  options.embedded_only = {"--listen", "--data"};
  EXPECT_TRUE(plan(yaml, options));
  for (const bool given : {true, false}) {
    if (given) options.name_servers = "ns:1";
    auto made = plan(given ? yaml : object("a", "ns:9876"), options);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::invalid_argument);
    EXPECT_THAT(made.error().message, HasSubstr("--listen --data: without effect, as no broker is embedded"));
    options.name_servers.reset();
  }
}

TEST_F(PlanTest, GivenNoFileThenTheExampleThatIsBuiltInIsTaken) {
  auto made = make_plan({});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->embedded);
  EXPECT_EQ(made->manifest->scaled_objects.at(0).metadata.name, "orders");
  std::ifstream in(std::string(GANTRY_SOURCE_DIR) + "/" + std::string(kExampleName));
  EXPECT_EQ(example_yaml(), std::string(std::istreambuf_iterator<char>(in), {}));
}

TEST_F(PlanTest, GivenAFileThatCannotBeReadThenItIsNamed) {
  Options options;
  for (const std::string& name : {(directory_ / "absent.yaml").string(), directory_.string()}) {
    options.files = {name};
    auto made = make_plan(options);
    ASSERT_FALSE(made) << name;
    EXPECT_THAT(made.error().message, HasSubstr(name));
  }
}

}  // namespace
}  // namespace gantry::up

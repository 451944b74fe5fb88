#include "kube/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Manifest objects() {
  Manifest manifest;
  ConfigMap map;
  map.metadata.name = "settings";
  map.data = {{"HOST", "h"}, {"PORT", "1"}, {"not a name", "x"}};
  Secret secret;
  secret.metadata.name = "keys";
  secret.data = {{"password", "hunter2"}};
  manifest.config_maps.push_back(map);
  manifest.secrets.push_back(secret);
  return manifest;
}

PodFields pod() {
  return {.name = "w-0", .namespace_ = "default", .uid = "u", .labels = {{"app", "w"}}, .annotations = {{"a/b", "c"}}};
}

EnvVar from_field(std::string name, std::string path) {
  EnvVar variable{std::move(name), "", EnvVarSource{}};
  variable.value_from->field = FieldSelector{std::move(path)};
  return variable;
}

EnvVar from_secret(std::string name, KeySelector key) {
  EnvVar variable{std::move(name), "", EnvVarSource{}};
  variable.value_from->secret_key = std::move(key);
  return variable;
}

EnvVar from_config_map(std::string name, KeySelector key) {
  EnvVar variable{std::move(name), "", EnvVarSource{}};
  variable.value_from->config_map_key = std::move(key);
  return variable;
}

TEST(Environment, GivenEverySourceWhenResolvedThenLaterDefinitionsWinAndReferEarlierOnes) {
  Container container;
  container.env_from.push_back({"CFG_", ObjectSelector{"settings"}, std::nullopt});
  container.env_from.push_back({"", std::nullopt, ObjectSelector{"keys"}});
  container.env_from.push_back({"", ObjectSelector{"absent", true}, std::nullopt});
  container.env = {{"URL", "http://$(CFG_HOST):$(CFG_PORT)/$(LATER)", {}},
                   {"LATER", "$(URL)$$(URL)", {}},
                   {"CFG_PORT", "2", {}},
                   from_secret("PASSWORD", {"keys", "password"}),
                   from_secret("MAYBE", {"keys", "absent", true}),
                   from_config_map("HOST", {"settings", "HOST"}),
                   from_field("NAME", "metadata.name"),
                   from_field("NAMESPACE", "metadata.namespace"),
                   from_field("UID", "metadata.uid"),
                   from_field("IP", "status.podIP"),
                   from_field("NODE", "spec.nodeName"),
                   from_field("ACCOUNT", "spec.serviceAccountName"),
                   from_field("LABEL", "metadata.labels['app']"),
                   from_field("NO_LABEL", "metadata.labels['none']"),
                   from_field("ANNOTATION", "metadata.annotations['a/b']"),
                   EnvVar{"CPU", "", EnvVarSource{}}};
  auto environment = resolve_environment(objects(), container, pod());
  ASSERT_TRUE(environment) << environment.error().message;
  EXPECT_EQ(*environment, (StringMap{{"CFG_HOST", "h"},
                                     {"CFG_PORT", "2"},
                                     {"URL", "http://h:1/$(LATER)"},
                                     {"LATER", "http://h:1/$(LATER)$(URL)"},
                                     {"password", "hunter2"},
                                     {"PASSWORD", "hunter2"},
                                     {"HOST", "h"},
                                     {"NAME", "w-0"},
                                     {"NAMESPACE", "default"},
                                     {"UID", "u"},
                                     {"IP", "127.0.0.1"},
                                     {"NODE", "localhost"},
                                     {"ACCOUNT", "default"},
                                     {"LABEL", "w"},
                                     {"NO_LABEL", ""},
                                     {"ANNOTATION", "c"}}));
}

TEST(Environment, GivenAMissingObjectOrKeyWhenResolvedThenTheErrorNamesIt) {
  struct Case {
    Container container;
    std::string_view message;
  };
  const Case cases[] = {
      {{.name = "c", .env = {from_secret("A", {"none", "k"})}},
       "container c: env A: Secret \"none\" does not exist in namespace default"},
      {{.name = "c", .env = {from_secret("A", {"keys", "k"})}}, "container c: env A: Secret \"keys\" has no key \"k\""},
      {{.name = "c", .env = {from_config_map("A", {"none", "k"})}},
       "container c: env A: ConfigMap \"none\" does not exist in namespace default"},
      {{.name = "c", .env = {from_field("A", "metadata.nome")}},
       "container c: env A: expected a fieldPath such as metadata.name, got \"metadata.nome\""},
      {{.name = "c", .env_from = {{"", ObjectSelector{"none"}, {}}}},
       "container c: envFrom: ConfigMap \"none\" does not exist in namespace default"},
      {{.name = "c", .env_from = {{"", {}, ObjectSelector{"none"}}}},
       "container c: envFrom: Secret \"none\" does not exist in namespace default"},
  };
  for (const Case& c : cases) {
    auto environment = resolve_environment(objects(), c.container, pod());
    ASSERT_FALSE(environment);
    EXPECT_EQ(environment.error().message, c.message);
  }
}

TEST(Environment, GivenReferencesInACommandWhenResolvedThenUnknownOnesStay) {
  const StringMap environment = {{"A", "1"}, {"B", ""}};
  EXPECT_THAT(resolve_command({"$(A)", "x$(A)y$(B)z", "$(C)", "$$(A)", "$$$(A)", "$A", "$", "$(A", "a$"}, environment),
              ElementsAre("1", "x1yz", "$(C)", "$(A)", "$1", "$A", "$", "$(A", "a$"));
}

TEST(Environment, GivenATriggerAuthenticationWhenResolvedThenItsParametersComeFromObjectsAndVariables) {
  TriggerAuthentication authentication;
  authentication.metadata.name = "auth";
  authentication.secret_target_ref = {{"p", "keys", "password"}};
  authentication.config_map_target_ref = {{"h", "settings", "HOST"}};
  authentication.env = {{"v", "V", ""}, {"none", "NONE", ""}};
  auto parameters = resolve_authentication(objects(), authentication, {{"V", "1"}});
  ASSERT_TRUE(parameters);
  EXPECT_EQ(*parameters, (StringMap{{"p", "hunter2"}, {"h", "h"}, {"v", "1"}, {"none", ""}}));

  authentication.config_map_target_ref = {{"h", "none", "HOST"}};
  EXPECT_EQ(resolve_authentication(objects(), authentication, {}).error().message,
            "TriggerAuthentication auth: parameter h: ConfigMap \"none\" does not exist in namespace default");
  authentication.secret_target_ref = {{"p", "keys", "none"}};
  EXPECT_EQ(resolve_authentication(objects(), authentication, {}).error().message,
            "TriggerAuthentication auth: parameter p: Secret \"keys\" has no key \"none\"");
}

}  // namespace
}  // namespace gantry::kube

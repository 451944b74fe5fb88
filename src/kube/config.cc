#include "kube/config.h"

#include "kube/scalar.h"

namespace gantry::kube {
namespace {

void read_base64_map(Reading& reading, const Node& node, StringMap& out) {
  Reading::Secrecy secrecy(reading);
  StringMap encoded;
  string_map()(reading, node, encoded);
  for (const auto& [key, value] : encoded) {
    auto decoded = decode_base64(value);
    Reading::Scope scope(reading, key);
    if (!decoded) {
      reading.problem(line_of(node, {key}), decoded.error().message);
    } else {
      out.emplace(key, std::move(*decoded));  // stringData may have come first, and wins
    }
  }
}

void read_secret_map(Reading& reading, const Node& node, StringMap& out) {
  Reading::Secrecy secrecy(reading);
  string_map()(reading, node, out);
}

const Schema<AuthParameter>& target_ref_schema() {
  static const Schema<AuthParameter> schema = Schema<AuthParameter>()
                                                  .required("parameter", &AuthParameter::parameter, word())
                                                  .required("name", &AuthParameter::name, dns_subdomain())
                                                  .required("key", &AuthParameter::key, word());
  return schema;
}

const Schema<AuthParameter>& env_schema() {
  static const Schema<AuthParameter> schema = Schema<AuthParameter>()
                                                  .required("parameter", &AuthParameter::parameter, word())
                                                  .required("name", &AuthParameter::name, word())
                                                  .ignored({"containerName"});
  return schema;
}

const Schema<TriggerAuthentication>& authentication_spec_schema() {
  static const Schema<TriggerAuthentication> schema =
      Schema<TriggerAuthentication>()
          .optional("secretTargetRef", &TriggerAuthentication::secret_target_ref, list_of(target_ref_schema().reader()))
          .optional("configMapTargetRef", &TriggerAuthentication::config_map_target_ref,
                    list_of(target_ref_schema().reader()))
          .optional("env", &TriggerAuthentication::env, list_of(env_schema().reader()))
          .ignored({"podIdentity", "filePath", "hashiCorpVault", "azureKeyVault", "gcpSecretManager",
                    "awsSecretManager", "boundServiceAccountToken", "oauth2"});
  return schema;
}

}  // namespace

const Schema<ConfigMap>& config_map_schema() {
  static const Schema<ConfigMap> schema = Schema<ConfigMap>()
                                              .required("metadata", &ConfigMap::metadata, object_meta_schema().reader())
                                              .optional("data", &ConfigMap::data, string_map())
                                              .read_before({"apiVersion", "kind"})
                                              .ignored({"binaryData", "immutable"});
  return schema;
}

const Schema<Secret>& secret_schema() {
  static const Schema<Secret> schema = Schema<Secret>()
                                           .required("metadata", &Secret::metadata, object_meta_schema().reader())
                                           .optional("data", &Secret::data, Reader<StringMap>(read_base64_map))
                                           .optional("stringData", &Secret::data, Reader<StringMap>(read_secret_map))
                                           .read_before({"apiVersion", "kind", "type", "immutable"});
  return schema;
}

const Schema<TriggerAuthentication>& trigger_authentication_schema() {
  static const Schema<TriggerAuthentication> schema =
      Schema<TriggerAuthentication>()
          .required("metadata", &TriggerAuthentication::metadata, object_meta_schema().reader())
          .part("spec", authentication_spec_schema())
          .read_before({"apiVersion", "kind"})
          .ignored({"status"});
  return schema;
}

}  // namespace gantry::kube

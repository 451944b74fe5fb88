#include "scaler/config.h"

#include "kube/schema.h"
#include "metrics_api/settings.h"

namespace gantry::scaler {
namespace {

using kube::Schema;
using triggers::NamedCredentials;

kube::Reader<std::int64_t> duration_of_at_least(std::int64_t min_ms) {
  return [min_ms, read = kube::duration_ms()](kube::Reading& reading, const kube::Node& node, std::int64_t& out) {
    std::int64_t value = out;
    const std::size_t problems = reading.problems().size();
    read(reading, node, value);
    if (reading.problems().size() > problems) return;
    if (value < min_ms) return reading.expected(node, fmt::format("a duration of at least {}ms", min_ms));
    out = value;
  };
}

const Schema<GrpcTls>& grpc_tls_schema() {
  static const Schema<GrpcTls> schema = Schema<GrpcTls>()
                                            .required("certificate", &GrpcTls::certificate_file, kube::word())
                                            .required("key", &GrpcTls::key_file, kube::word())
                                            .optional("clientCa", &GrpcTls::client_ca_file, kube::word());
  return schema;
}

struct GrpcPart {
  GrpcTls tls;
};

const Schema<GrpcPart>& grpc_schema() {
  static const Schema<GrpcPart> schema = Schema<GrpcPart>().optional("tls", &GrpcPart::tls, grpc_tls_schema().reader());
  return schema;
}

const Schema<net::TlsFiles>& cluster_tls_schema() {
  static const Schema<net::TlsFiles> schema =
      Schema<net::TlsFiles>()
          .optional("ca", &net::TlsFiles::ca_file, kube::word())
          .optional("certificate", &net::TlsFiles::certificate_file, kube::word())
          .optional("key", &net::TlsFiles::key_file, kube::word())
          .optional("verify", &net::TlsFiles::verify_peer, kube::boolean());
  return schema;
}

const Schema<Settings::Rocketmq>& rocketmq_schema() {
  using Rocketmq = Settings::Rocketmq;
  static const Schema<Rocketmq> schema =
      Schema<Rocketmq>()
          .optional("tls", &Rocketmq::tls, cluster_tls_schema().reader())
          .optional("readingMaxAge", &Rocketmq::reading_max_age_ms, duration_of_at_least(100))
          .optional("requestTimeout", &Rocketmq::request_timeout_ms, duration_of_at_least(100))
          .optional("readingTimeout", &Rocketmq::reading_timeout_ms, duration_of_at_least(100))
          .optional("persistentLagAfter", &Rocketmq::persistent_lag_after_ms, duration_of_at_least(1'000));
  return schema;
}

// The keys are members of a member.
kube::Reader<wire::Credentials> key(std::string wire::Credentials::* member) {
  return [member, read = kube::word()](kube::Reading& reading, const kube::Node& node, wire::Credentials& out) {
    read(reading, node, out.*member);
  };
}

const Schema<NamedCredentials>& named_credentials_schema() {
  static const Schema<NamedCredentials> schema =
      Schema<NamedCredentials>()
          .required("accessKey", &NamedCredentials::keys, key(&wire::Credentials::access_key))
          .required("secretKey", &NamedCredentials::keys, key(&wire::Credentials::secret_key))
          .optional("namespaces", &NamedCredentials::namespaces, kube::set_of(kube::dns_label()))
          .optional("nameServers", &NamedCredentials::name_servers, kube::set_of(kube::word()));
  return schema;
}

struct CredentialsPart {
  std::string directory;
  std::map<std::string, NamedCredentials> clusters;
};

void read_clusters(kube::Reading& reading, const kube::Node& node, std::map<std::string, NamedCredentials>& out) {
  if (node.kind != kube::Node::Kind::mapping) return reading.expected(node, "a mapping of names to credentials");
  for (const kube::Entry& entry : node.entries) {
    kube::Reading::Scope scope(reading, entry.key);
    kube::Reading::Secrecy secret(reading);
    named_credentials_schema().read(reading, entry.value, out[entry.key]);
  }
}

const Schema<CredentialsPart>& credentials_schema() {
  static const Schema<CredentialsPart> schema =
      Schema<CredentialsPart>()
          .optional("directory", &CredentialsPart::directory, kube::word())
          .optional("clusters", &CredentialsPart::clusters,
                    kube::Reader<std::map<std::string, NamedCredentials>>(read_clusters));
  return schema;
}

enum class ExportedNames { all, clean, well_known };

struct ExporterPart {
  std::string name_servers, credentials;
  bool tls = false, client_details = true, message_sizes = false;
  std::int64_t interval_ms = 15'000;
  ExportedNames names = ExportedNames::all;
  lag::OffsetResetPolicy policy = lag::OffsetResetPolicy::earliest;
};

const Schema<ExporterPart>& exporter_schema() {
  using Policy = lag::OffsetResetPolicy;
  static const Schema<ExporterPart> schema =
      Schema<ExporterPart>()
          .required("nameServers", &ExporterPart::name_servers, kube::word())
          .optional("tls", &ExporterPart::tls, kube::boolean())
          .optional("credentials", &ExporterPart::credentials, kube::word())
          .optional("interval", &ExporterPart::interval_ms, duration_of_at_least(1'000))
          .optional("names", &ExporterPart::names,
                    kube::choice<ExportedNames>({{"all", ExportedNames::all},
                                                 {"gantry", ExportedNames::clean},
                                                 {"well-known", ExportedNames::well_known}}))
          .optional("offsetResetPolicy", &ExporterPart::policy,
                    kube::choice<Policy>({{"earliest", Policy::earliest}, {"latest", Policy::latest}}))
          .optional("clientDetails", &ExporterPart::client_details, kube::boolean())
          .optional("messageSizes", &ExporterPart::message_sizes, kube::boolean())
          .rule([](kube::Reading& reading, const kube::Node& node, ExporterPart& part) {
            if (auto parsed = net::parse_endpoints(part.name_servers); !part.name_servers.empty() && !parsed) {
              kube::Reading::Scope scope(reading, "nameServers");
              reading.problem(kube::line_of(node, {"nameServers"}), parsed.error().message);
            }
          });
  return schema;
}

Settings::Exported to_exported(const ExporterPart& part) {
  Settings::Exported exported;
  exported.name_servers = part.name_servers;
  exported.tls = part.tls;
  exported.credentials = part.credentials;
  exported.config.interval = std::chrono::milliseconds(part.interval_ms);
  exported.config.clean_names = part.names != ExportedNames::well_known;
  exported.config.well_known_names = part.names != ExportedNames::clean;
  exported.config.policy = part.policy;
  exported.config.client_details = part.client_details;
  exported.config.message_sizes = part.message_sizes;
  return exported;
}

struct Document {
  std::optional<ExporterPart> exporter;
  GrpcPart grpc;
  Settings::Rocketmq rocketmq;
  CredentialsPart credentials;
  std::optional<metrics_api::Config> metrics_api;
};

const Schema<Document>& document_schema() {
  static const Schema<Document> schema =
      Schema<Document>()
          .optional("grpc", &Document::grpc, grpc_schema().reader())
          .optional("exporter", &Document::exporter, exporter_schema().reader())
          .optional("rocketmq", &Document::rocketmq, rocketmq_schema().reader())
          .optional("credentials", &Document::credentials, credentials_schema().reader())
          .optional("metricsApi", &Document::metrics_api, metrics_api::config_reader());
  return schema;
}

}  // namespace

Result<Settings> parse_settings(std::string_view text, std::string_view file) {
  auto documents = kube::read_documents(text, file);
  kube::Reading reading(file);
  Document document;
  if (documents.documents.size() > 1) reading.problem(documents.documents[1].line, "expected one document, got more");
  if (!documents.documents.empty()) document_schema().read(reading, documents.documents.front(), document);
  std::vector<kube::Problem> problems = std::move(documents.problems);
  std::ranges::move(reading.problems(), std::back_inserter(problems));
  if (!problems.empty()) return std::unexpected(kube::to_error(problems));
  Settings settings;
  settings.grpc_tls = std::move(document.grpc.tls);
  settings.rocketmq = std::move(document.rocketmq);
  settings.credentials = std::move(document.credentials.clusters);
  settings.credentials_directory = std::move(document.credentials.directory);
  settings.metrics_api = std::move(document.metrics_api);
  if (document.exporter) settings.exporter = to_exported(*document.exporter);
  return settings;
}

}  // namespace gantry::scaler

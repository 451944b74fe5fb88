#include "controller/config_file.h"

#include "kube/schema.h"

namespace gantry::controller {

namespace {

using kube::Node;
using kube::Reading;
using kube::Schema;

void read_peers(Reading& reading, const Node& node, std::vector<Peer>& out) {
  if (node.kind != Node::Kind::mapping || node.entries.empty())
    return reading.expected(node, "a mapping of names to addresses, such as n0: 10.0.0.1:9878");
  for (const kube::Entry& entry : node.entries) {
    Reading::Scope scope(reading, entry.key);
    auto endpoint = net::parse_endpoint(entry.value.text);
    if (entry.value.kind != Node::Kind::scalar || !endpoint) {
      reading.expected(entry.value, "host:port");
    } else {
      out.push_back({entry.key, *endpoint});
    }
  }
}

void read_listener(Reading& reading, const Node& node, net::Endpoint& out) {
  auto endpoint = net::parse_listen_endpoint(node.text);
  if (node.kind != Node::Kind::scalar || !endpoint) return reading.expected(node, "host:port or \":port\"");
  out = *endpoint;
}

void read_timeout(Reading& reading, const Node& node, std::int64_t& out) {
  std::int64_t value = out;
  kube::duration_ms()(reading, node, value);
  if (value < 1'000) return reading.expected(node, "a duration of at least 1s");
  out = value;
}

struct Operator {
  wire::Credentials keys;
};

kube::Reader<wire::Credentials> key(std::string wire::Credentials::* member) {
  return [member, read = kube::word()](Reading& reading, const Node& node, wire::Credentials& out) {
    read(reading, node, out.*member);
  };
}

const Schema<Operator>& operator_schema() {
  static const Schema<Operator> schema =
      Schema<Operator>()
          .required("accessKey", &Operator::keys, key(&wire::Credentials::access_key))
          .required("secretKey", &Operator::keys, key(&wire::Credentials::secret_key));
  return schema;
}

void read_operator(Reading& reading, const Node& node, Operator& out) {
  Reading::Secrecy secret(reading);
  operator_schema().read(reading, node, out);
}

struct TlsPart {
  net::TlsFiles files;
  bool required = false;
};

kube::Reader<net::TlsFiles> file(std::string net::TlsFiles::* member) {
  return [member, read = kube::word()](Reading& reading, const Node& node, net::TlsFiles& out) {
    read(reading, node, out.*member);
  };
}

const Schema<TlsPart>& tls_schema() {
  static const Schema<TlsPart> schema =
      Schema<TlsPart>()
          .required("certificate", &TlsPart::files, file(&net::TlsFiles::certificate_file))
          .required("key", &TlsPart::files, file(&net::TlsFiles::key_file))
          .required("ca", &TlsPart::files, file(&net::TlsFiles::ca_file))
          .optional("required", &TlsPart::required, kube::boolean());
  return schema;
}

struct Document {
  Config config;
  std::vector<Operator> operators;
  TlsPart tls;
  std::int32_t connections_max = static_cast<std::int32_t>(Config{}.connections_max);
};

// A member of the configuration itself.
template <class M>
kube::Reader<Config> of(M Config::* member, kube::Reader<M> reader) {
  return [member, reader = std::move(reader)](Reading& reading, const Node& node, Config& out) {
    reader(reading, node, out.*member);
  };
}

const Schema<Document>& document_schema() {
  static const Schema<Document> schema = [] {
    Schema<Document> fields;
    const auto add = [&](std::string_view name, kube::Reader<Config> reader) {
      fields.optional(name, &Document::config, std::move(reader));
    };
    add("self", of(&Config::self, kube::word()));
    add("group", of(&Config::group, kube::word()));
    fields.required("peers", &Document::config, of(&Config::peers, kube::Reader<std::vector<Peer>>(read_peers)));
    add("listenHost", of(&Config::listen_host, kube::word()));
    add("http", [](Reading& reading, const Node& node, Config& out) {
      net::Endpoint http;
      read_listener(reading, node, http);
      out.http = http;
    });
    add("dataDirectory", of(&Config::data_directory, kube::word()));
    add("uncleanElection", of(&Config::unclean_election, kube::boolean()));
    add("notifyBrokerRoleChanged", of(&Config::notify_role_changed, kube::boolean()));
    add("leaseReads", of(&Config::lease_reads, kube::boolean()));
    add("spreadBrokers", of(&Config::spread_brokers, kube::boolean()));
    add("heartbeatTimeout", of(&Config::heartbeat_timeout_ms, kube::Reader<std::int64_t>(read_timeout)));
    add("configBlackList", of(&Config::config_black_list, kube::list_of(kube::word())));
    fields.optional("connectionsMax", &Document::connections_max, kube::integer(16, 1'000'000));
    fields.optional("operators", &Document::operators, kube::list_of(kube::Reader<Operator>(read_operator)));
    fields.optional("tls", &Document::tls, tls_schema().reader());
    return fields;
  }();
  return schema;
}

}  // namespace

Result<Config> parse_config(std::string_view text, std::string_view file) {
  auto documents = kube::read_documents(text, file);
  Reading reading(file);
  Document document;
  if (documents.documents.size() > 1) reading.problem(documents.documents[1].line, "expected one document, got more");
  if (documents.documents.empty() && documents.problems.empty()) {
    reading.problem(1, "expected settings, peers at least, got nothing");
  } else if (!documents.documents.empty()) {
    document_schema().read(reading, documents.documents.front(), document);
  }
  std::vector<kube::Problem> problems = std::move(documents.problems);
  std::ranges::move(reading.problems(), std::back_inserter(problems));
  if (!problems.empty()) return std::unexpected(kube::to_error(problems));
  Config config = std::move(document.config);
  for (Operator& one : document.operators) config.operators.push_back(std::move(one.keys));
  config.tls = std::move(document.tls.files);
  config.tls_required = document.tls.required;
  config.connections_max = static_cast<std::size_t>(document.connections_max);
  return config;
}

}  // namespace gantry::controller

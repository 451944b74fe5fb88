#include "kube/rocketmq_trigger.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "kube/scalar.h"
#include "kube/schema.h"

namespace gantry::kube {
namespace {

using Metadata = RocketmqTriggerMetadata;
// Takes an option's text. Returns what was expected when it is not that, else an empty string.
using Option = std::function<std::string(const std::string&, Metadata&)>;

constexpr std::string_view kFromEnv = "FromEnv";

// Metadata comes from whoever may write a ScaledObject: one must not keep the scaler from serving the others.
constexpr std::size_t kTopicsMax = 64;
constexpr std::size_t kNameServersMax = 16;    // they are asked in turn, each until its time is over
constexpr std::size_t kValueBytesMax = 4'096;  // of one option

// Names that a RocketMQ server takes: Validators and TopicValidator of the Java client.
bool is_rocketmq_name(std::string_view name, std::size_t size_max) {
  return !name.empty() && name.size() <= size_max && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '%' || c == '|';
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t end = text.find_first_of(separators);
    out.emplace_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

bool is_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  std::string_view host = text.substr(0, colon);
  auto port = parse_integer(text.substr(colon + 1));
  if (!port || *port < 1 || *port > 65535) return false;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  return std::ranges::all_of(host, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || (bracketed && (c == ':' || c == '%'));
  });
}

template <class M>
Option integer_option(M Metadata::* member, std::int64_t min) {
  return [=](const std::string& text, Metadata& out) -> std::string {
    auto value = parse_integer(text);
    if (!value || *value < min) return min > 0 ? "a positive integer" : "an integer of at least 0";
    out.*member = *value;
    return "";
  };
}

Option bool_option(bool Metadata::* member) {
  return [=](const std::string& text, Metadata& out) -> std::string {
    if (text != "true" && text != "false") return "true or false";
    out.*member = text == "true";
    return "";
  };
}

Option text_option(std::string Metadata::* member) {
  return [=](const std::string& text, Metadata& out) -> std::string {
    if (text.empty()) return "a value that is not empty";
    out.*member = text;
    return "";
  };
}

template <class M>
Option choice_option(M Metadata::* member, std::vector<std::pair<std::string, M>> choices) {
  return [=](const std::string& text, Metadata& out) -> std::string {
    std::vector<std::string> names;
    for (const auto& [name, value] : choices) {
      names.push_back(name);
      if (name != text) continue;
      out.*member = value;
      return "";
    }
    return fmt::format("one of {}", fmt::join(names, ", "));
  };
}

std::string read_name_servers(const std::string& text, Metadata& out) {
  auto addresses = split(text, ";,");
  if (!std::ranges::all_of(addresses, is_address)) return "addresses host:port, separated by ';'";
  if (addresses.size() > kNameServersMax) return fmt::format("at most {} addresses", kNameServersMax);
  out.name_servers = std::move(addresses);
  return "";
}

std::string read_topics(const std::string& text, Metadata& out) {
  auto topics = split(text, ",");
  if (!std::ranges::all_of(topics, [](const auto& t) { return is_rocketmq_name(t, 127); })) {
    return "topic names (letters, digits, '-', '_', '%' and '|', at most 127 characters), separated by ','";
  }
  if (topics.size() > kTopicsMax) return fmt::format("at most {} topics", kTopicsMax);
  out.topics = std::move(topics);
  return "";
}

std::string read_topic(const std::string& text, Metadata& out) {
  if (!is_rocketmq_name(text, 127))
    return "a topic name (letters, digits, '-', '_', '%' and '|', at most 127 characters)";
  out.topics = {text};
  return "";
}

std::string read_group(const std::string& text, Metadata& out) {
  if (!is_rocketmq_name(text, 255))
    return "a consumer group name (letters, digits, '-', '_', '%' and '|', at most 255 characters)";
  out.consumer_group = text;
  return "";
}

const std::map<std::string, Option, std::less<>>& options() {
  static const std::map<std::string, Option, std::less<>> table = {
      {"scalerAddress", text_option(&Metadata::scaler_address)},
      {"nameServers", read_name_servers},
      {"topic", read_topic},
      {"topics", read_topics},
      {"consumerGroup", read_group},
      {"namespace", text_option(&Metadata::rocketmq_namespace)},
      {"lagThreshold", integer_option(&Metadata::lag_threshold, 1)},
      {"activationLagThreshold", integer_option(&Metadata::activation_lag_threshold, 0)},
      {"lagSecondsThreshold", integer_option(&Metadata::lag_seconds_threshold, 1)},
      {"mode", choice_option<ConsumeMode>(
                   &Metadata::mode,
                   {{"auto", ConsumeMode::automatic}, {"classic", ConsumeMode::classic}, {"pop", ConsumeMode::pop}})},
      {"includeRetry", bool_option(&Metadata::include_retry)},
      {"includeInFlight", bool_option(&Metadata::include_in_flight)},
      {"includeDelayed", bool_option(&Metadata::include_delayed)},
      {"offsetResetPolicy",
       choice_option<OffsetResetPolicy>(&Metadata::offset_reset_policy, {{"earliest", OffsetResetPolicy::earliest},
                                                                         {"latest", OffsetResetPolicy::latest}})},
      {"allowIdleConsumers", bool_option(&Metadata::allow_idle_consumers)},
      {"limitToQueuesWithLag", bool_option(&Metadata::limit_to_queues_with_lag)},
      {"excludePersistentLag", bool_option(&Metadata::exclude_persistent_lag)},
      {"scaleToZeroOnInvalidOffset", bool_option(&Metadata::scale_to_zero_on_invalid_offset)},
      {"ensureEvenDistributionOfQueues", bool_option(&Metadata::ensure_even_distribution_of_queues)},
      {"tls", choice_option<bool>(&Metadata::tls, {{"enable", true}, {"disable", false}})},
      {"authMode", choice_option<bool>(&Metadata::acl, {{"acl", true}, {"none", false}})},
      {"credentials", text_option(&Metadata::credentials)},
      {"accessKey", text_option(&Metadata::access_key)},
      {"secretKey", text_option(&Metadata::secret_key)},
      // the certificates of the channel between KEDA and an external scaler: KEDA's, not ours
      {"tlsCertFile", [](const std::string&, Metadata&) { return std::string(); }},
      {"unsafeSsl", [](const std::string&, Metadata&) { return std::string(); }},
      {"enableTLS", [](const std::string&, Metadata&) { return std::string(); }},
  };
  return table;
}

bool is_credential(std::string_view option) { return option == "accessKey" || option == "secretKey"; }

class Parser {
 public:
  Parser(const std::map<std::string, std::string>& metadata, FromEnv from_env)
      : metadata_(metadata), from_env_(from_env) {}

  std::expected<Metadata, std::vector<MetadataProblem>> run() {
    for (const auto& [key, text] : metadata_) read(key, text);
    check();
    if (!problems_.empty()) return std::unexpected(std::move(problems_));
    return std::move(out_);
  }

 private:
  void problem(std::string key, std::string message) { problems_.push_back({std::move(key), std::move(message)}); }

  void read(const std::string& key, const std::string& text) {
    const bool from_env = key.ends_with(kFromEnv);
    const std::string name = from_env ? key.substr(0, key.size() - kFromEnv.size()) : key;
    auto option = options().find(name);
    if (option == options().end()) return problem(key, unknown(key));
    if (is_credential(name) && !from_env) {
      return problem(key, fmt::format("expected {}FromEnv or credentials, got the credential itself", name));
    }
    if (from_env && metadata_.contains(name)) {
      return problem(key, fmt::format("expected either {} or {}FromEnv, got both", name, name));
    }
    given_.push_back(name);
    if (text.size() > kValueBytesMax)
      return problem(key, fmt::format("expected at most {} bytes, got {}", kValueBytesMax, text.size()));
    if (from_env && from_env_ == FromEnv::names) {
      if (text.empty()) return problem(key, "expected the name of a variable, got \"\"");
      out_.from_env[name] = text;
      return;
    }
    const std::string expected = option->second(text, out_);
    if (expected.empty()) return;
    problem(key, fmt::format("expected {}, got {}", expected, is_credential(name) ? "another value" : quoted(text)));
  }

  bool given(std::string_view name) const { return std::ranges::find(given_, name) != given_.end(); }

  void check() {
    for (std::string_view name : {"nameServers", "consumerGroup"}) {
      if (!given(name)) problem(std::string(name), "expected a value, got nothing");
    }
    if (!given("topic") && !given("topics")) problem("topic", "expected topic or topics, got neither");
    if (given("topic") && given("topics")) problem("topics", "expected either topic or topics, got both");
    if (out_.allow_idle_consumers && out_.limit_to_queues_with_lag) {
      problem("limitToQueuesWithLag", "expected it without allowIdleConsumers, got both");
    }
    if (out_.ensure_even_distribution_of_queues && out_.topics.size() > 1) {
      problem("ensureEvenDistributionOfQueues", fmt::format("expected it with one topic, got {}", out_.topics.size()));
    }
    if (out_.mode == ConsumeMode::pop && (out_.ensure_even_distribution_of_queues || out_.limit_to_queues_with_lag)) {
      problem(out_.ensure_even_distribution_of_queues ? "ensureEvenDistributionOfQueues" : "limitToQueuesWithLag",
              "expected mode classic or auto with it, because consumers that pop share every queue, got pop");
    }
    if (given("credentials") && (given("accessKey") || given("secretKey"))) {
      problem("credentials", "expected either credentials, or accessKeyFromEnv and secretKeyFromEnv, got both");
    }
    if (given("accessKey") != given("secretKey")) {
      problem(given("accessKey") ? "secretKeyFromEnv" : "accessKeyFromEnv",
              "expected a value beside the other one, got nothing; KEDA leaves out what it cannot resolve");
    }
    if (out_.acl && out_.credentials.empty() && !(given("accessKey") && given("secretKey"))) {
      problem("authMode", "expected credentials, or accessKeyFromEnv and secretKeyFromEnv, with acl, got neither");
    }
  }

  static std::string unknown(const std::string& key) {
    std::vector<std::string_view> known;
    for (const auto& [name, option] : options()) known.push_back(name);
    return unknown_field_message(key, known);
  }

  const std::map<std::string, std::string>& metadata_;
  FromEnv from_env_;
  Metadata out_;
  std::vector<std::string> given_;
  std::vector<MetadataProblem> problems_;
};

}  // namespace

std::expected<RocketmqTriggerMetadata, std::vector<MetadataProblem>> parse_rocketmq_trigger(
    const std::map<std::string, std::string>& metadata, FromEnv from_env) {
  return Parser(metadata, from_env).run();
}

std::map<std::string, std::string> resolve_from_env(std::map<std::string, std::string> metadata,
                                                    const std::map<std::string, std::string>& environment) {
  for (auto entry = metadata.begin(); entry != metadata.end();) {
    if (!entry->first.ends_with(kFromEnv)) {
      ++entry;
      continue;
    }
    auto variable = environment.find(entry->second);
    if (variable == environment.end()) {
      entry = metadata.erase(entry);
    } else {
      (entry++)->second = variable->second;
    }
  }
  return metadata;
}

bool is_our_scaler(std::string_view scaler_address) {
  const std::string_view label = scaler_address.substr(0, scaler_address.find_first_of(".:"));
  return label == "gantry-scaler" || label == "gantry";
}

}  // namespace gantry::kube

#include "controller/identity.h"

#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "raft/durable_file.h"

namespace gantry::controller {

namespace json = boost::json;

namespace {

constexpr std::string_view kStages[] = {"empty", "forming", "formed", "joining"};
constexpr std::size_t kTextMax = 64 * 1024;

std::string draw_token() {
  std::random_device random;
  std::string token;
  for (int i = 0; i < 4; ++i) token += fmt::format("{:08x}", random());
  return token;
}

std::string file_of(const std::string& directory) { return directory + "/identity.json"; }

}  // namespace

Instance draw_instance() {
  char host[256] = {};
  ::gethostname(host, sizeof(host) - 1);
  return {draw_token(), fmt::format("host {}, process {}", host, ::getpid())};
}

std::string to_json(const Identity& identity) {
  json::object founding;
  for (const auto& [name, token] : identity.founding) founding.emplace(name, token);
  return json::serialize(json::object{{"token", identity.token},
                                      {"stage", kStages[static_cast<std::size_t>(identity.stage)]},
                                      {"founding", std::move(founding)},
                                      {"node", identity.node},
                                      {"name", identity.name},
                                      {"group", identity.group}});
}

Result<Identity> identity_from_json(std::string_view text) {
  boost::system::error_code error;
  const json::value value = text.size() > kTextMax ? json::value() : json::parse(text, error);
  const json::object* object = error ? nullptr : value.if_object();
  const json::value* token = object ? object->if_contains("token") : nullptr;
  const json::value* stage = object ? object->if_contains("stage") : nullptr;
  const json::value* founding = object ? object->if_contains("founding") : nullptr;
  if (!token || !token->is_string() || token->get_string().empty() || !stage || !stage->is_string() || !founding ||
      !founding->is_object())
    return fail(Errc::corrupt, "expected an object with token, stage and founding");
  Identity identity;
  identity.token = token->get_string();
  const auto known = std::ranges::find(kStages, std::string_view(stage->get_string()));
  if (known == std::end(kStages)) return fail(Errc::corrupt, "unknown stage {}", std::string_view(stage->get_string()));
  identity.stage = static_cast<Identity::Stage>(known - std::begin(kStages));
  for (const auto& [name, of_peer] : founding->get_object()) {
    if (!of_peer.is_string()) return fail(Errc::corrupt, "the token of {} is no text", std::string_view(name));
    identity.founding.emplace(name, of_peer.get_string());
  }
  if (const json::value* node = object->if_contains("node")) {
    boost::system::error_code not_a_number;
    identity.node = node->to_number<std::uint64_t>(not_a_number);
    if (not_a_number) return fail(Errc::corrupt, "the node is no number");
  }
  for (const auto& [key, target] : {std::pair{"name", &identity.name}, std::pair{"group", &identity.group}}) {
    const json::value* text_of = object->if_contains(key);
    if (text_of && !text_of->is_string()) return fail(Errc::corrupt, "the {} is no text", key);
    if (text_of) *target = text_of->get_string();
  }
  if (identity.stage == Identity::Stage::joining && identity.node == 0)
    return fail(Errc::corrupt, "joining without the id of the node");
  return identity;
}

Result<Identity> load_identity(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return fail(Errc::internal, "{}: cannot make the directory: {}", directory, error.message());
  const std::string file = file_of(directory);
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    if (std::filesystem::exists(file)) return fail(Errc::permission_denied, "{} cannot be read", file);
    const Identity fresh{draw_token(), Identity::Stage::empty, {}, 0, {}, {}};
    if (auto stored = store_identity(directory, fresh); !stored) return std::unexpected(stored.error());
    return fresh;
  }
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  auto identity = identity_from_json(text);
  if (!identity) {
    return fail(Errc::corrupt,
                "{}: {}; if the other controllers are well, remove the directory {}: this node then says "
                "that it has lost its data, and does not vote under its old name",
                file, identity.error().message, directory);
  }
  return identity;
}

Result<void> check_owner(const Identity& identity, std::string_view directory, std::string_view self,
                         std::string_view group) {
  if (identity.stage == Identity::Stage::empty || identity.name.empty()) return {};
  if (identity.name == self && identity.group == group) return {};
  return fail(
      Errc::invalid_argument,
      "{} is the directory of controller {} of group {}, and this is {} of group {}: give each its own (--data, "
      "dataDirectory, controllerStorePath)",
      directory, identity.name, identity.group, self, group);
}

Result<void> store_identity(const std::string& directory, const Identity& identity) {
  return raft::write_durably(file_of(directory), {to_json(identity), "\n"});
}

}  // namespace gantry::controller

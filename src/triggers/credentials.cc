#include "triggers/credentials.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace gantry::triggers {
namespace {

Result<std::string> read_key(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Errc::unavailable, "credentials: {} cannot be read", path);
  std::array<char, Credentials::kFileBytesMax + 1> text;
  file.read(text.data(), text.size());
  const auto size = static_cast<std::size_t>(file.gcount());
  if (file.bad() || size == text.size())
    return fail(Errc::unavailable, "credentials: {} is larger than {} bytes", path, Credentials::kFileBytesMax);
  std::string key(text.data(), size);
  // editors and `echo` end a file with a line break, which is no part of a key
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
  if (key.empty()) return fail(Errc::unavailable, "credentials: {} is empty", path);
  return key;
}

// A name becomes a path: it must stay inside the directory.
bool is_name(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.size() <= 253 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             std::string::npos;
}

Result<NamedCredentials> read_named(const std::string& directory, const std::string& name) {
  if (!is_name(name))
    return fail(Errc::invalid_argument, "credentials: expected a name of letters, digits, '-', '_' and '.', got \"{}\"",
                name);
  if (directory.empty()) return fail(Errc::not_found, "credentials: the scaler has none of the name {}", name);
  const std::string folder = directory + "/" + name;
  NamedCredentials credentials;
  for (const auto& [file, key] :
       {std::pair("/accessKey", &credentials.keys.access_key), std::pair("/secretKey", &credentials.keys.secret_key)}) {
    auto text = read_key(folder + file);
    if (!text) return std::unexpected(text.error());
    *key = std::move(*text);
  }
  for (const auto& [file, words] :
       {std::pair("/namespaces", &credentials.namespaces), std::pair("/nameServers", &credentials.name_servers)}) {
    std::error_code missing;
    if (!std::filesystem::exists(folder + file, missing) && !missing) continue;
    auto text = read_key(folder + file);
    if (!text) return std::unexpected(text.error());
    std::ranges::replace_if(*text, [](char c) { return c == ',' || c == ';'; }, ' ');
    std::istringstream list(std::move(*text));
    words->insert(std::istream_iterator<std::string>(list), {});
    if (words->empty()) return fail(Errc::unavailable, "credentials: {}{} is empty", folder, file);
  }
  return credentials;
}

}  // namespace

Result<void> check_use(const std::string& name, const NamedCredentials& credentials, const CredentialsUse& use) {
  if (!credentials.namespaces.empty() && use.namespace_ && !credentials.namespaces.contains(*use.namespace_)) {
    return fail(Errc::permission_denied, "credentials: {} are not for objects of namespace {}", name, *use.namespace_);
  }
  if (credentials.name_servers.empty()) return {};
  for (const std::string& name_server : use.name_servers) {
    if (!credentials.name_servers.contains(name_server))
      return fail(Errc::permission_denied, "credentials: {} are not for name server {}", name, name_server);
  }
  return {};
}

Result<wire::Credentials> Credentials::find(const std::string& name, const CredentialsUse& use) const {
  const auto configured = configured_.find(name);
  auto found = configured == configured_.end() ? read_named(directory_, name) : configured->second;
  if (!found) return std::unexpected(found.error());
  if (auto allowed = check_use(name, *found, use); !allowed) return std::unexpected(allowed.error());
  return std::move(found->keys);
}

}  // namespace gantry::triggers

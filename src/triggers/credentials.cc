#include "triggers/credentials.h"

#include <array>
#include <fstream>

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

}  // namespace

Result<wire::Credentials> Credentials::find(const std::string& name) const {
  if (const auto found = configured_.find(name); found != configured_.end()) return found->second;
  if (!is_name(name))
    return fail(Errc::invalid_argument, "credentials: expected a name of letters, digits, '-', '_' and '.', got \"{}\"",
                name);
  if (directory_.empty()) return fail(Errc::not_found, "credentials: the scaler has none of the name {}", name);
  const std::string folder = directory_ + "/" + name;
  auto access_key = read_key(folder + "/accessKey");
  if (!access_key) return std::unexpected(access_key.error());
  auto secret_key = read_key(folder + "/secretKey");
  if (!secret_key) return std::unexpected(secret_key.error());
  wire::Credentials credentials;
  credentials.access_key = std::move(*access_key);
  credentials.secret_key = std::move(*secret_key);
  return credentials;
}

}  // namespace gantry::triggers

#include "broker/stored_settings.h"

#include <algorithm>
#include <string>

namespace gantry::broker {

namespace {

constexpr std::size_t kNameBytesMax = 300;  // that are told

// Names are parted by NUL or line feed, and damage may have made anything of them.
std::string printable(std::string_view name) {
  std::string text(name.substr(0, kNameBytesMax));
  std::ranges::replace_if(text, [](unsigned char c) { return c < ' ' || c > '~'; }, ' ');
  return text;
}

}  // namespace

Result<void> read_settings(store::Store& store, std::string_view prefix,
                           const std::function<Result<void>(std::string_view, std::string_view)>& read) {
  Result<void> result;
  auto all = store.for_each_setting(prefix, [&](std::string_view name, std::string_view value) {
    if (!result) return;
    result = read(name, value);
    if (result || result.error().code != Errc::corrupt) return;
    result = fail(
        Errc::corrupt,
        "data directory {}: the setting \"{}\" cannot be read: {}; was it written by another version of gantry? Else "
        "restore the directory from a copy, or move it away to start empty",
        store.options().directory, printable(name), result.error().message);
  });
  return all ? result : all;
}

}  // namespace gantry::broker

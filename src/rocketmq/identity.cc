#include "rocketmq/identity.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <random>

#include "wire/message_id.h"

namespace gantry::rocketmq {
namespace {

// The first address of the host's name would cost a look-up that can hang; Java tools only show this field.
wire::UniqueIdSource this_process() {
  wire::UniqueIdSource source;
  source.host.address = {127, 0, 0, 1};
  source.pid = static_cast<std::uint16_t>(getpid());
  source.salt = std::random_device{}();
  return source;
}

}  // namespace

std::string version_name(std::int32_t version) {
  constexpr std::int32_t kV4_0_0 = 213;
  constexpr std::int32_t kV5_9_9 = kV4_0_0 + 2 * 199;
  if (version < kV4_0_0 || version > kV5_9_9) return std::to_string(version);
  const std::int32_t nth = (version - kV4_0_0 + 1) / 2;  // from 4.0.0 on, ten of each kind
  return fmt::format("{}.{}.{}{}", 4 + nth / 100, nth / 10 % 10, nth % 10,
                     (version - kV4_0_0) % 2 == 0 ? "" : "-SNAPSHOT");
}

long long unix_now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string next_message_id() {
  static const wire::UniqueIdSource source = this_process();
  static std::atomic<std::uint32_t> counter{0};
  return wire::unique_message_id(source, unix_now_ms(), static_cast<std::uint16_t>(counter++));
}

std::string make_client_id() {
  static std::atomic<unsigned> number{0};
  static const unsigned salt = std::random_device{}() & 0xffffff;
  char host[64] = "localhost";
  gethostname(host, sizeof host - 1);
  return fmt::format("{}@{}#{:x}{}", host, getpid(), salt, number++);
}

}  // namespace gantry::rocketmq

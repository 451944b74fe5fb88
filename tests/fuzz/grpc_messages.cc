// What callers of a gRPC method send: however it is cut, the same messages come out, each as it would be framed again.
#include "fuzz.h"
#include "rpc/framing.h"

namespace rpc = gantry::rpc;

FUZZ_TARGET(input) {
  if (input.empty()) return;
  const std::size_t piece = static_cast<unsigned char>(input.front()) + 1;
  const std::string_view bytes = input.substr(1);
  rpc::MessageReader whole(4'096), cut(4'096);
  std::string framed;
  whole.add(bytes);
  std::size_t messages = 0;
  bool refused = false;
  while (!refused) {
    const auto message = whole.next();
    refused = !message;
    if (refused || !*message) break;
    FUZZ_CHECK((*message)->size() <= 4'096);
    framed += rpc::frame_message(**message);
    ++messages;
  }
  FUZZ_CHECK(bytes.starts_with(framed));
  std::size_t cut_messages = 0;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    cut.add(bytes.substr(at, piece));
    while (true) {
      const auto message = cut.next();
      if (!message || !*message) break;
      ++cut_messages;
    }
  }
  FUZZ_CHECK(cut_messages == messages);
  FUZZ_CHECK(refused == !cut.next().has_value());
}

// The state as bytes, in pieces of bounded size: a header, then frames of sets, each with its own CRC, then an end frame
// with the counts. A snapshot that is cut, changed or of a newer version is never read as a smaller state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "replication/state.h"

namespace gantry::replication {

inline constexpr std::uint32_t kSnapshotVersion = 1;
inline constexpr std::size_t kSnapshotPieceBytes = 64 * 1024;  // a piece is about this; at most twice that

// Makes a snapshot piece by piece. The state must outlive the writer and not change until the last piece.
class SnapshotWriter {
 public:
  explicit SnapshotWriter(const State& state) : state_(state) {}
  // Appends the next piece to `out`; false when there was none left.
  bool next(std::string& out);

 private:
  enum class Part { header, sets, retired, end, done };
  const State& state_;
  Part part_ = Part::header;
  std::string_view after_;  // name of the last set written
};

// Reads a snapshot in whatever pieces it arrives.
class SnapshotReader {
 public:
  // unimplemented: of a newer version, which is named; corrupt: what is wrong and at which byte. After an error the
  // reader is of no use.
  Result<void> feed(std::string_view bytes);
  // After all bytes. corrupt when the end is missing.
  Result<State> finish();

 private:
  Result<void> frame(std::string_view payload);

  std::string pending_;
  std::uint64_t read_ = 0;  // bytes before pending_
  std::uint32_t version_ = 0;
  bool ended_ = false;
  State::Sets sets_;
  State::Retired retired_;
};

// Both in one go.
std::string encode_snapshot(const State& state);
Result<State> decode_snapshot(std::string_view bytes);

}  // namespace gantry::replication

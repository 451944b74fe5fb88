#include "raft/log_replay.h"

#include <algorithm>

namespace gantry::raft {

void EntryPlaces::set(Index index, EntryPlace place) {
  if (places_.empty() || index < first_) {
    places_.clear();
    first_ = index;
  } else {
    places_.resize(std::min<std::size_t>(places_.size(), index - first_));
  }
  places_.push_back(place);
}

void EntryPlaces::forget(Index upto) {
  while (!places_.empty() && first_ <= upto) {
    places_.pop_front();
    ++first_;
  }
}

Result<void> LogReplay::begin(const SegmentHeader& header) {
  if (!sequence_) {
    content_.state = header.state;
  } else {
    if (header.sequence != *sequence_ + 1) return fail(Errc::corrupt, "segment {} is missing", *sequence_ + 1);
    if (header.previous_end != end_ || header.state != content_.state)
      return fail(Errc::corrupt, "segment {} does not end where this one begins: one of both is damaged", *sequence_);
  }
  sequence_ = header.sequence;
  return {};
}

Result<void> LogReplay::add(const SegmentHeader& header, std::string_view bytes, bool newest) {
  if (auto begun = begin(header); !begun) return begun;
  end_ = log_block_bytes;
  while (const auto frame = frame_at(bytes, header.salt, end_)) {
    if (auto taken = take(*frame, header.sequence, end_ + frame_head_bytes); !taken) return taken;
    end_ = frame->end;
  }
  if (const auto behind = frame_after(bytes, header.salt, end_)) {
    return fail(Errc::corrupt, "what stands at byte {} is not what was written: there is more of the log at {}", end_,
                *behind);
  }
  torn_ = newest && begins_at(bytes, header.salt, end_);
  return {};
}

Result<void> LogReplay::take(const LogFrame& frame, std::uint64_t sequence, std::uint64_t content_at) {
  LogState& state = content_.state;
  switch (frame.kind) {
    case FrameKind::opened: {
      const auto incarnation = decode_opened(frame.content);
      if (!incarnation) return std::unexpected(incarnation.error());
      state.incarnation = *incarnation;
      return {};
    }
    case FrameKind::saved: {
      const auto saved = decode_saved(frame.content);
      if (!saved) return std::unexpected(saved.error());
      return save(*saved, sequence, content_at);
    }
    case FrameKind::snapshot: {
      const auto at = decode_position(frame.content);
      if (!at) return std::unexpected(at.error());
      state.snapshot = *at;
      return {};
    }
    case FrameKind::installed: {
      const auto installed = decode_installed(frame.content);
      if (!installed) return std::unexpected(installed.error());
      state.hard_state = installed->hard_state;
      state.snapshot = state.truncated = state.last = installed->at;
      content_.places.clear();
      return {};
    }
    case FrameKind::compacted: {
      const auto at = decode_position(frame.content);
      if (!at) return std::unexpected(at.error());
      state.truncated = *at;
      if (state.last.index < at->index) state.last = *at;
      return {};
    }
  }
  return fail(Errc::unimplemented, "a frame of kind {}, which this version does not know; start a newer gantry",
              static_cast<std::uint32_t>(frame.kind));
}

Result<void> LogReplay::save(const SavedFrame& frame, std::uint64_t sequence, std::uint64_t content_at) {
  LogState& state = content_.state;
  state.hard_state = frame.hard_state;
  for (const auto& [at, offset, size] : frame.entries) {
    if (at.index == 0 || at.index > state.last.index + 1)
      return fail(Errc::corrupt, "entry {} follows entry {}", at.index, state.last.index);
    content_.places.set(at.index, {at.term, sequence, static_cast<std::uint32_t>(content_at + offset), size});
    state.last = at;
  }
  return {};
}

}  // namespace gantry::raft

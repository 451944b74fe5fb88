// What a controller accepts from outside, in one place: everything here is checked in State::apply, and again when a
// snapshot is read. Beyond a limit a command is refused with Verdict::invalid_request and changes nothing. How many
// commands and bytes make one log entry is the proposer's business.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gantry::replication {

inline constexpr std::size_t kReplicaSetsMax = 100'000;
inline constexpr std::size_t kMembersMax = 32;          // of one replica set, ids that were not cleaned
inline constexpr std::size_t kFactsMax = 64;            // of one command
inline constexpr std::size_t kNameBytesMax = 255;       // cluster and broker name, no control characters, not empty
inline constexpr std::size_t kAddressBytesMax = 280;    // host:port; a DNS name has 253 bytes at most
inline constexpr std::size_t kCheckCodeBytesMax = 512;  // registerCheckCode: address;time
inline constexpr std::size_t kElectionsKept = 8;        // of one replica set: the newest
inline constexpr std::size_t kRetiredSetsMax = 10'000;  // names of cleaned sets whose ids and epochs are remembered

// Ids as the Java controller gives them (MixAll.FIRST_BROKER_CONTROLLER_ID); numbers that JSON carries exactly.
inline constexpr std::int64_t kFirstBrokerId = 1;
inline constexpr std::int64_t kBrokerIdMax = (std::int64_t{1} << 53) - 1;

// Epochs are int32 on the wire. What is imported must leave room to grow; a set that has used all of them up elects
// nobody any more.
inline constexpr std::int32_t kEpochMax = 2'147'483'647;
inline constexpr std::int32_t kImportedEpochMax = 1 << 30;

}  // namespace gantry::replication

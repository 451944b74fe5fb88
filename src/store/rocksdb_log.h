// What RocksDB says goes to our log, not into files beside its data: on a full disk its own log file ends the process
// (an assertion in its writer), where a start should fail with the reason.
#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace gantry::store {

std::shared_ptr<rocksdb::Logger> make_rocksdb_log();

}  // namespace gantry::store

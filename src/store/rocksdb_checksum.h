// See rocksdb_checksum.cc.
#pragma once

namespace gantry::store {

// Does nothing: who calls it has the definition linked in.
void use_fast_checksums();

}  // namespace gantry::store

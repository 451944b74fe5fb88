//! The election timeout as a function. It is the core's only use of randomness; derived from (seed, id, term) a run of a
//! group can be repeated exactly, and nodes still differ from each other and from term to term.

/// Of [ticks, 2 * ticks).
pub fn election_timeout(seed: u64, id: u64, term: u64, ticks: u64) -> u64 {
    ticks + mix(seed ^ mix(id) ^ mix(term ^ 0xD1B5_4A32_D192_ED03)) % ticks.max(1)
}

/// The finaliser of SplitMix64: every bit of the input changes about half of the output's.
fn mix(value: u64) -> u64 {
    let mut x = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

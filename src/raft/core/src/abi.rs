//! The C types of `../core.h`, field for field. What they mean is said there.

use std::os::raw::{c_char, c_void};

#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    Ok = 0,
    NotLeader = 1,
    Transferring = 2,
    Overloaded = 3,
    NotReady = 4,
    Pending = 5,
    Invalid = 6,
    LostLog = 7,
    Failed = 8,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Slice {
    pub data: *const u8,
    pub size: usize,
}

impl Slice {
    pub const EMPTY: Slice = Slice { data: std::ptr::null(), size: 0 };

    pub fn of(bytes: &[u8]) -> Slice {
        Slice { data: bytes.as_ptr(), size: bytes.len() }
    }

    /// # Safety
    /// The memory that the slice names must live and stay unchanged for 'a.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        array(self.data, self.size)
    }
}

/// A C array, which may be null when it is empty.
///
/// # Safety
/// As of `std::slice::from_raw_parts`, but for null.
pub unsafe fn array<'a, T>(data: *const T, size: usize) -> &'a [T] {
    if size == 0 || data.is_null() {
        &[]
    } else {
        std::slice::from_raw_parts(data, size)
    }
}

pub const ENTRY_NORMAL: u32 = 0;
pub const ENTRY_MEMBERSHIP: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct EntryView {
    pub index: u64,
    pub term: u64,
    pub kind: u32,
    pub data: Slice,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct MessageView {
    pub to: u64,
    pub is_snapshot: bool,
    pub bytes: Slice,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ReadView {
    pub counter: u64,
    pub index: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct HardStateView {
    pub term: u64,
    pub vote: u64,
    pub commit: u64,
}

#[repr(C)]
pub struct ReadyView {
    pub hard_state: HardStateView,
    pub must_sync: bool,
    pub has_hard_state: bool,
    pub has_snapshot: bool,
    pub snapshot_index: u64,
    pub snapshot_term: u64,
    pub entries: *const EntryView,
    pub entries_size: usize,
    pub committed: *const EntryView,
    pub committed_size: usize,
    pub reads: *const ReadView,
    pub reads_size: usize,
    pub early_messages: *const MessageView,
    pub early_messages_size: usize,
}

#[repr(C)]
pub struct AdvanceView {
    pub commit: u64,
    pub committed: *const EntryView,
    pub committed_size: usize,
    pub messages: *const MessageView,
    pub messages_size: usize,
}

#[repr(C)]
pub struct StatusView {
    pub term: u64,
    pub leader: u64,
    pub commit: u64,
    pub last: u64,
    pub role: u32,
    pub may_read: bool,
    pub pending_snapshot: bool,
    pub pending_snapshot_index: u64,
    pub pending_snapshot_term: u64,
}

#[repr(C)]
pub struct ProposalView {
    pub index: u64,
    pub term: u64,
}

pub const MEMBER_ADD: u32 = 0;
pub const MEMBER_REMOVE: u32 = 1;
pub const MEMBER_ADD_LEARNER: u32 = 2;

#[repr(C)]
pub struct ChangeView {
    pub applied: bool,
    pub kind: u32,
    pub id: u64,
    pub context: Slice,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct MembersView {
    pub voters: *const u64,
    pub voters_size: usize,
    pub learners: *const u64,
    pub learners_size: usize,
}

#[repr(C)]
pub struct SnapshotView {
    pub index: u64,
    pub term: u64,
    pub members: MembersView,
}

#[repr(C)]
pub struct ConfigView {
    pub id: u64,
    pub incarnation: u64,
    pub seed: u64,
    pub hard_state: HardStateView,
    pub truncated_index: u64,
    pub truncated_term: u64,
    pub last_index: u64,
    pub applied: u64,
    pub members: MembersView,
    pub election_ticks: u64,
    pub heartbeat_ticks: u64,
    pub message_bytes_max: u64,
    pub inflight_messages_max: u64,
    pub uncommitted_bytes_max: u64,
    pub committed_bytes_max: u64,
    pub cached_bytes_max: u64,
    pub entry_bytes_max: u64,
}

pub type ReadEntries = unsafe extern "C" fn(*mut c_void, u64, u64, u64, *mut c_void) -> i32;
pub type DescribeSnapshot = unsafe extern "C" fn(*mut c_void, u64, *mut u64, *mut u64) -> i32;
pub type WriteLog = unsafe extern "C" fn(*mut c_void, i32, *const c_char, usize);

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Callbacks {
    pub owner: *mut c_void,
    pub read_entries: Option<ReadEntries>,
    pub describe_snapshot: Option<DescribeSnapshot>,
    pub log: Option<WriteLog>,
}

// The core asks for Send + Sync of its logger. A node is used by one thread at a time, and so are its callbacks.
unsafe impl Send for Callbacks {}
unsafe impl Sync for Callbacks {}

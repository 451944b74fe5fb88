//! Panics become errors. The core asserts on states that should be impossible; in this process an assertion must not
//! end more than the one group whose memory it doubts. A node that panicked is poisoned: every later call fails.

use crate::abi::Code;
use crate::node::Node;
use std::cell::RefCell;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Remembers what a panic said and where instead of printing it: the owner reports it.
fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let file = info.location().map_or("?", |l| l.file().rsplit('/').next().unwrap_or("?"));
            let line = info.location().map_or(0, |l| l.line());
            let text = match info.payload().downcast_ref::<&str>() {
                Some(text) => text,
                None => info.payload().downcast_ref::<String>().map_or("panic", String::as_str),
            };
            LAST_PANIC.with(|last| *last.borrow_mut() = format!("{text} ({file}:{line})"));
        }));
    });
}

/// Runs `action`; the panic's text when it panicked.
pub fn contain<T>(action: impl FnOnce() -> T) -> Result<T, String> {
    install_hook();
    catch_unwind(AssertUnwindSafe(action)).map_err(|_| LAST_PANIC.with(|last| last.borrow().clone()))
}

/// Runs `action` on the node of a C call.
///
/// # Safety
/// `node` is null or came from `Box::into_raw` and is used by no other thread meanwhile.
pub unsafe fn on_node(node: *mut Node, action: impl FnOnce(&mut Node) -> Code) -> Code {
    let Some(node) = node.as_mut() else { return Code::Invalid };
    if node.poisoned {
        return Code::Failed;
    }
    match contain(|| {
        let code = action(node);
        node.set_election_timeout();
        code
    }) {
        Ok(code) => code,
        Err(text) => {
            node.poisoned = true;
            node.error = text;
            Code::Failed
        }
    }
}

//! The headers of a record, whatever bytes they are made of.
//!
//! rdkafka takes a header's name for UTF-8 and panics where it is not, and whoever writes to Kafka may write any bytes:
//! without this, one record would end a worker, and each successor.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use rdkafka::message::{Header, Headers as _, Message};

thread_local! {
    static READING: Cell<bool> = const { Cell::new(false) };
}

/// The headers in their order; nothing in the place of one whose name is not UTF-8.
pub(crate) fn of<M: Message>(record: &M) -> impl Iterator<Item = Option<Header<'_, &[u8]>>> {
    let headers = record.headers();
    let count = headers.map_or(0, |headers| headers.count());
    (0..count).map(move |index| {
        // A Rust panic in a Rust frame that holds nothing: the headers are as they were.
        let read = quietly(|| headers.and_then(|headers| headers.try_get(index)));
        read.flatten()
    })
}

/// Returns what `read` returns, or nothing if it panics. The panic is not reported, since it is an ordinary outcome here.
fn quietly<T>(read: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |info| {
            if !READING.get() {
                others(info);
            }
        }));
    });
    READING.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(read));
    READING.set(false);
    outcome.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing_and_the_next_reading_is_something() {
        assert_eq!(
            quietly(|| if READING.get() {
                panic!("expected")
            }),
            None
        );
        assert_eq!(quietly(|| 7), Some(7));
        assert!(!READING.get());
    }
}

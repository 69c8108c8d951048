//! How the rows of the conformance list wait: for a shard to come to rest, and never for time to pass.
//!
//! A shard rests when nothing is runnable, and other threads have only those handlers and migrations that wait for the row.

use crate::{clock, door::Door, runtime::request, worker::Worker};

/// Returns once nothing happens any more; `migrations`: how many wait for the row.
pub(crate) fn settle(door: &Door, migrations: impl Fn() -> usize) {
    // Twice in a row: what stood in line behind the first question has been done before the second.
    let mut settled = 0;
    while settled < 2 {
        let migrations = migrations();
        let is_settled = request(door, move |worker| worker.is_settled(migrations)) == Some(true);
        settled = if is_settled { settled + 1 } else { 0 };
        std::thread::yield_now();
    }
}

/// Moves the clock, from one moment at which something is due to the next. `settle` is done at each.
pub(crate) fn advance(door: &Door, ms: f64, mut settle: impl FnMut()) {
    let until = clock::now() + ms;
    loop {
        settle();
        let due = clock::now() + request(door, Worker::due_in).expect("a shard");
        if due > until {
            break;
        }
        clock::tests::set(due);
        // Its next turn looks at the time; the one after it has done what was due.
        for _ in 0..3 {
            request(door, |worker| worker.is_settled(0));
        }
    }
    clock::tests::set(until);
    request(door, |worker| worker.is_settled(0));
    settle();
}

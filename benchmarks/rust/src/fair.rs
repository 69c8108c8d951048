//! `fair`: the schedule, which is open-loop, and what is measured.

use crate::{Measured, Watch};
use std::time::{Duration, Instant};

pub const LIGHT: usize = 100;
pub const PERIOD: Duration = Duration::from_millis(10);
/// What a heavy handler burns.
pub const BURN: Duration = Duration::from_millis(10);

/// Computes for 10 ms.
pub fn burn() {
    let until = Instant::now() + BURN;
    while Instant::now() < until {
        std::hint::black_box(0);
    }
}

/// Sends what is due until `n` are sent, one message for each light actor a period; each carries its scheduled time.
pub fn schedule(n: u64, mut send: impl FnMut(usize, Instant)) {
    let start = Instant::now();
    for at in 0..n {
        // Spread over the period, so that the schedule itself is no burst.
        let due = start + PERIOD * (at / LIGHT as u64) as u32 + PERIOD / LIGHT as u32 * (at % LIGHT as u64) as u32;
        let now = Instant::now();
        if due > now {
            std::thread::sleep(due - now);
        }
        send(at as usize % LIGHT, due);
    }
}

/// The row of all latencies.
pub fn measured(mut latencies: Vec<Duration>, watch: &Watch) -> Measured {
    latencies.sort_unstable();
    let ms = |at: usize| latencies.get(at.min(latencies.len().saturating_sub(1))).map_or(0.0, |l| l.as_secs_f64() * 1e3);
    let mut row = watch.measured(latencies.len() as u64);
    row.extra.insert("p50_ms", ms(latencies.len() / 2));
    row.extra.insert("p99_ms", ms(latencies.len() * 99 / 100));
    row.extra.insert("max_ms", ms(usize::MAX));
    row
}

//! Monotonic milliseconds since the first question of this process: the unit and kind that `Shard::tick` is given.

use std::{sync::OnceLock, time::Instant};

static ORIGIN: OnceLock<Instant> = OnceLock::new();

/// Milliseconds, with fractions. Never goes back.
pub fn now() -> f64 {
    ORIGIN.get_or_init(Instant::now).elapsed().as_secs_f64() * 1000.0
}

#[cfg(all(test, not(loom)))]
mod tests {
    #[test]
    fn never_goes_back() {
        let times: Vec<f64> = (0..1000).map(|_| super::now()).collect();
        assert!(times.windows(2).all(|pair| pair[0] <= pair[1]));
    }
}

//! How long the actors of a group stood still.

/// Quantiles, in microseconds: from the end of the last message of the old version, or from when the actor was found
/// idle, to readiness for the next.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pauses {
    /// The median.
    pub p50: f64,
    /// Of a hundred, one is longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

/// Zeros, where nobody stood still.
pub(super) fn pauses(mut micros: Vec<f64>) -> Pauses {
    micros.sort_unstable_by(f64::total_cmp);
    let at = |hundredths: usize| {
        let last = micros.len().saturating_sub(1);
        micros.get((micros.len() * hundredths / 100).min(last)).copied().unwrap_or(0.0)
    };
    Pauses { p50: at(50), p99: at(99), max: at(100) }
}

//! Whom a restart touches (G89).

use super::spec::Strategy;

/// The children that are started again when `ended` is, among all in start order: a range of `order`.
pub fn group<K: PartialEq>(strategy: Strategy, order: &[K], ended: &K) -> core::ops::Range<usize> {
    let at = order.iter().position(|key| key == ended).unwrap_or(order.len());
    match strategy {
        Strategy::OneForOne => at..(at + 1).min(order.len()),
        Strategy::OneForAll => 0..order.len(),
        Strategy::RestForOne => at..order.len(),
    }
}

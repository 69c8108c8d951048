//! The batch that is under way: what stands in the completion ring, and how far the isolate has got with it.
//!
//! Promise: G59. A slice keeps its nodes until the isolate's `consumed` word says that they were handled; what it did not
//! handle goes back to where it came from. The isolate walks the slices in order and never returns to an earlier one.

use crate::mailbox::Lane;

/// The deliveries of one actor in the batch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slice {
    /// Whose.
    pub index: u32,
    /// In which life.
    pub generation: u32,
    /// Where its header stands in the ring.
    pub header: u32,
    /// Deliveries; the settled ones alone once the rest was taken back.
    pub count: u32,
    /// Deliveries that the isolate has handled.
    pub settled: u32,
    /// Microseconds that were charged.
    pub charged: u32,
    /// Nodes that are not settled.
    pub nodes: Lane,
    /// Some message may have bytes, or may enter while a handler waits.
    pub bytes: bool,
    /// Some node is more than that, or than a plain message.
    pub special: bool,
}

/// Slices in the completion ring.
#[derive(Default)]
pub struct Batch {
    /// In the order of the ring.
    pub slices: Vec<Slice>,
    /// The slice that the isolate was last seen at.
    pub cursor: usize,
    /// Some actor of it may be runnable after it, or somebody waits for what it frees.
    pub goes_on: bool,
}

impl Batch {
    /// Whether something of it may be unhandled.
    pub fn is_open(&self) -> bool {
        !self.slices.is_empty()
    }

    /// Whether there is more to do after it.
    pub fn goes_on(&self) -> bool {
        self.goes_on && self.is_open()
    }
}

//! What a burst leaves: stores that grew for it are given back once they have been empty and quiet for a while.
//!
//! Nothing here runs while there is work: an idle moment (a tick that finds nothing to do) counts, every [`QUIET`]th one
//! looks. A store is given back when it is empty, holds more than [`KEPT`] records, and nothing grew since the last
//! look. So bursts that follow each other grow their stores once, and who grows them again paid with as many records.
//! What is not empty stays as it is: its records are known by number.

/// Records that a store keeps at least room for.
pub const KEPT: usize = 1 << 14;
/// Idle moments between two looks.
pub const QUIET: u32 = 64;

/// Counts idle moments.
#[derive(Default)]
pub struct Tide {
    moments: u32,
    /// Bytes held when last looked.
    high: usize,
}

impl Tide {
    /// An idle moment; whether it is time to look.
    pub fn moment(&mut self) -> bool {
        self.moments += 1;
        if self.moments < QUIET {
            return false;
        }
        self.moments = 0;
        true
    }

    /// Notes the bytes held; whether nothing grew since the last time.
    pub fn is_quiet(&mut self, held: usize) -> bool {
        let grew = held > self.high;
        self.high = held;
        !grew
    }
}

/// Whether a store is to be given back.
pub const fn is_spent(in_use: usize, capacity: usize) -> bool {
    in_use == 0 && capacity > KEPT
}

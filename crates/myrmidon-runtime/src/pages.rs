//! Large pages for the actors of a shard.
//!
//! Slots are filled from their beginning and never given back, so that a large page is soon a full one. A page of 4 KiB
//! holds 64 of them: with every 64th spawn the kernel would be entered, which is a third of what spawning costs.

use core::ops::Range;
use myrmidon_core::shard::Shard;

/// So much stays in small pages: a shard with few actors must not pay for a large one.
const SMALL: usize = 2 << 20;

/// Asks the kernel for large pages where a shard has, or will have, more than a few ten thousand actors. A wish: where
/// there are none, or the system's administrator does not want them, nothing changes.
pub fn prefer_large(shard: &Shard) {
    for room in shard.room() {
        if let Some(rest) = behind(&room) {
            advise(&rest);
        }
    }
}

/// What of a range gets large pages: whole ones, behind the small beginning.
fn behind(room: &Range<*const u8>) -> Option<Range<*const u8>> {
    let first = room.start.wrapping_add(SMALL);
    let start = first.wrapping_add(first.align_offset(SMALL));
    let end = room.end.wrapping_sub(room.end.addr() % SMALL);
    (start < end).then_some(start..end)
}

#[cfg(all(target_os = "linux", not(miri)))]
fn advise(range: &Range<*const u8>) {
    let length = range.end.addr() - range.start.addr();
    // SAFETY: advice about pages changes nothing that is in them, and is refused for addresses without memory.
    let _ = unsafe { libc::madvise(range.start.cast_mut().cast(), length, libc::MADV_HUGEPAGE) };
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn advise(_range: &Range<*const u8>) {}

#[cfg(all(test, not(loom), target_os = "linux"))]
mod tests {
    use super::{SMALL, behind, prefer_large};
    use myrmidon_core::shard::{Shard, ShardConfig};

    fn shard(max_actors: u32) -> Shard {
        Shard::new(ShardConfig { shard: 1, max_actors, default_capacity: 8, seed: None, long_slice_us: 1000 })
    }

    /// Whether the mapping that an address is in wants large pages.
    fn wants_large(address: usize) -> Option<bool> {
        let maps = std::fs::read_to_string("/proc/self/smaps").ok()?;
        let mut inside = false;
        for line in maps.lines() {
            let first = line.split(' ').next().unwrap_or_default();
            if let Some((start, end)) = first.split_once('-') {
                let (start, end) = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
                inside = (start..end).contains(&address);
            } else if inside && let Some(flags) = line.strip_prefix("VmFlags:") {
                return Some(flags.split(' ').any(|flag| flag == "hg"));
            }
        }
        None
    }

    #[test]
    fn slots_behind_the_first_ones_are_wanted_in_large_pages() {
        let shard = shard(300_000);
        prefer_large(&shard);
        let [hot, _] = shard.room();
        assert!(hot.end.addr() - hot.start.addr() >= 300_000 * 64, "there is room for all from the beginning");
        let large = behind(&hot).expect("more than two large pages");
        assert!(large.start.addr() - hot.start.addr() >= SMALL);
        let supported = std::path::Path::new("/sys/kernel/mm/transparent_hugepage").exists();
        if supported && let Some(wanted) = wants_large(large.start.addr()) {
            assert!(wanted);
            assert_eq!(wants_large(hot.start.addr()), Some(false));
        }
    }

    #[test]
    fn a_small_shard_has_none() {
        let shard = shard(1000);
        prefer_large(&shard);
        assert!(shard.room().iter().all(|room| behind(room).is_none()));
    }
}

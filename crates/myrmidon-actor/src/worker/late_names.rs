//! Names of actors that have ended, for the dead letters that come after them (G301).
//!
//! Those of the last [`MOST`] of a shard, as TypeScript keeps them; whoever ended before is forgotten. Nothing is kept where
//! nobody observes.

use myrmidon_core::pid::Pid;
use rustc_hash::FxHashMap;
use std::{collections::VecDeque, sync::Arc};

const MOST: usize = 4096;

#[derive(Default)]
pub(super) struct LateNames {
    by_pid: FxHashMap<Pid, Arc<str>>,
    /// Oldest first.
    order: VecDeque<Pid>,
}

impl LateNames {
    /// Once for each actor: no PID has two lives.
    pub fn put(&mut self, pid: Pid, name: Arc<str>) {
        if self.order.len() == MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_pid.remove(&oldest);
        }
        self.order.push_back(pid);
        self.by_pid.insert(pid, name);
    }

    pub fn get(&self, pid: Pid) -> Option<Arc<str>> {
        self.by_pid.get(&pid).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g301_the_last_4096_are_known_and_nothing_is_left_of_others() {
        let pid = |generation| Pid::from_words(1, generation);
        let mut names = LateNames::default();
        for generation in 0..=MOST as u32 {
            names.put(pid(generation), generation.to_string().into());
        }
        assert_eq!(names.get(pid(0)), None);
        assert_eq!(names.get(pid(1)).as_deref(), Some("1"));
        assert_eq!(names.get(pid(MOST as u32)).as_deref(), Some("4096"));
        assert_eq!((names.by_pid.len(), names.order.len()), (MOST, MOST));
    }
}

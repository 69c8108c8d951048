//! The versions that an actor ran before, with their states, so that they can be brought back.

use super::Action;

/// A behaviour, as the binding numbers them. Two behaviours of one name have two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version(pub u32);

/// A version that was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept<S> {
    pub version: Version,
    /// As it was when it was replaced.
    pub state: S,
    /// The upgrade that replaced it, where it can make the old state of the new one.
    pub back: Option<u32>,
}

/// The latest last. Bounded by `trim`, which every end of a swap calls.
#[derive(Debug)]
pub(super) struct Versions<S> {
    kept: Vec<Kept<S>>,
}

impl<S: Copy> Versions<S> {
    pub const fn new() -> Self {
        Self { kept: Vec::new() }
    }

    pub fn push(&mut self, kept: Kept<S>) {
        self.kept.push(kept);
    }

    pub fn pop(&mut self) -> Option<Kept<S>> {
        self.kept.pop()
    }

    /// How many steps back a version is; of two of that number the later one.
    pub fn steps_to(&self, version: Option<Version>) -> Option<usize> {
        match version {
            None => (!self.kept.is_empty()).then_some(1),
            Some(version) => self.kept.iter().rev().position(|kept| kept.version == version).map(|at| at + 1),
        }
    }

    /// Forgets all but the latest `most`.
    pub fn trim<M>(&mut self, most: usize, out: &mut Vec<Action<S, M>>) {
        let spare = self.kept.len().saturating_sub(most);
        out.extend(self.kept.drain(..spare).map(|kept| Action::Forget { state: kept.state }));
        if self.kept.is_empty() {
            self.kept = Vec::new();
        }
    }

    pub fn ways_back(&self) -> impl Iterator<Item = u32> {
        self.kept.iter().filter_map(|kept| kept.back)
    }

    pub fn len(&self) -> usize {
        self.kept.len()
    }
}

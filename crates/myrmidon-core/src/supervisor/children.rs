//! The children of a supervisor with specs of its own, in start order.
//!
//! Owner: the supervisor's machine. A child is addressed by a key that is never used twice, so that a plan for a child
//! that was forgotten meanwhile finds nothing.

use super::{
    error::Status,
    protocol::{ChildCount, ChildInfo, Life, Timer},
    spec::{ChildSpec, Kind},
};
use crate::pid::Pid;
use rustc_hash::FxHashMap;
use std::{collections::BTreeMap, sync::Arc};

/// Names a child for as long as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(u64);

/// A child that runs.
#[derive(Clone, Copy, Debug)]
pub struct Alive {
    pub life: Life,
    pub pid: Pid,
}

pub struct Child<S> {
    pub spec: ChildSpec<S>,
    pub status: Status,
    pub alive: Option<Alive>,
    /// Grows with whatever makes an older plan for it void: a start, a stop, an end.
    pub ticket: u64,
    /// A restart that waits for its time (G98).
    pub wait: Option<Timer>,
    pub restarts: u64,
    pub was_started: bool,
}

impl<S> Child<S> {
    fn new(spec: ChildSpec<S>) -> Self {
        Self { spec, status: Status::Stopped, alive: None, ticket: 0, wait: None, restarts: 0, was_started: false }
    }
}

pub struct Children<S> {
    order: Vec<Key>,
    all: FxHashMap<Key, Child<S>>,
    by_id: FxHashMap<Arc<str>, Key>,
    by_life: FxHashMap<Life, Key>,
    /// Those that run without a spec, oldest first: other specs have forgotten them (G97).
    strays: BTreeMap<u64, (Life, ChildSpec<S>)>,
    stray_at: FxHashMap<Life, u64>,
    next: u64,
}

impl<S> Children<S> {
    /// Of specs that were checked: no id is there twice.
    pub fn new(specs: Vec<ChildSpec<S>>) -> Self {
        let mut children = Self {
            order: Vec::with_capacity(specs.len()),
            all: FxHashMap::default(),
            by_id: FxHashMap::default(),
            by_life: FxHashMap::default(),
            strays: BTreeMap::new(),
            stray_at: FxHashMap::default(),
            next: 0,
        };
        for spec in specs {
            children.push(spec);
        }
        children
    }

    pub fn push(&mut self, spec: ChildSpec<S>) -> Key {
        self.next += 1;
        let key = Key(self.next);
        self.by_id.insert(spec.id.clone(), key);
        self.all.insert(key, Child::new(spec));
        self.order.push(key);
        key
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn order(&self) -> &[Key] {
        &self.order
    }

    pub fn key(&self, id: &str) -> Option<Key> {
        self.by_id.get(id).copied()
    }

    pub fn get(&self, key: Key) -> Option<&Child<S>> {
        self.all.get(&key)
    }

    pub fn get_mut(&mut self, key: Key) -> Option<&mut Child<S>> {
        self.all.get_mut(&key)
    }

    pub fn each(&self) -> impl Iterator<Item = &Child<S>> {
        self.order.iter().filter_map(|key| self.all.get(key))
    }

    /// It runs.
    pub fn came(&mut self, key: Key, alive: Alive) {
        if let Some(child) = self.all.get_mut(&key) {
            child.alive = Some(alive);
            self.by_life.insert(alive.life, key);
        }
    }

    /// Whoever lives this life does so for the supervisor no more: it has ended, or is being stopped.
    pub fn went(&mut self, life: Life) -> Option<Key> {
        let key = self.by_life.remove(&life)?;
        if let Some(child) = self.all.get_mut(&key) {
            child.alive = None;
        }
        Some(key)
    }

    pub fn forget(&mut self, key: Key) {
        self.unlist(key);
        self.order.retain(|other| *other != key);
    }

    /// Many, in one pass over all.
    pub fn forget_all(&mut self, keys: &[Key]) {
        if keys.is_empty() {
            return;
        }
        for key in keys {
            self.unlist(*key);
        }
        self.order.retain(|key| self.all.contains_key(key));
    }

    fn unlist(&mut self, key: Key) -> Option<Child<S>> {
        let child = self.all.remove(&key)?;
        self.by_id.remove(&child.spec.id);
        if let Some(alive) = child.alive {
            self.by_life.remove(&alive.life);
        }
        Some(child)
    }

    /// Its spec is gone; if it runs, it does so until it ends, or its supervisor. The order is given anew by `reorder`.
    pub fn let_go(&mut self, key: Key) {
        if let Some(child) = self.unlist(key)
            && let Some(alive) = child.alive
        {
            self.next += 1;
            self.strays.insert(self.next, (alive.life, child.spec));
            self.stray_at.insert(alive.life, self.next);
        }
    }

    /// The youngest of those that were let go of.
    pub fn pop_stray(&mut self) -> Option<(Life, ChildSpec<S>)> {
        let (_, stray) = self.strays.pop_last()?;
        self.stray_at.remove(&stray.0);
        Some(stray)
    }

    /// `true`: whoever has ended was let go of.
    pub fn stray_ended(&mut self, life: Life) -> bool {
        self.stray_at.remove(&life).and_then(|at| self.strays.remove(&at)).is_some()
    }

    pub fn strays(&self) -> impl ExactSizeIterator<Item = Life> {
        self.strays.values().map(|(life, _)| *life)
    }

    /// Takes this order, of all keys that it has.
    pub fn reorder(&mut self, order: Vec<Key>) {
        debug_assert_eq!(order.len(), self.all.len(), "every child has a place");
        self.order = order;
    }

    pub fn which(&self) -> Vec<ChildInfo> {
        self.each()
            .map(|child| ChildInfo {
                id: child.spec.id.clone(),
                kind: child.spec.treatment.kind,
                status: child.status,
                pid: child.alive.map(|alive| alive.pid),
                restarts: child.restarts,
            })
            .collect()
    }

    pub fn count(&self) -> ChildCount {
        let mut count = ChildCount::default();
        for child in self.each() {
            count.specs += 1;
            count.active += usize::from(child.status == Status::Running);
            match child.spec.treatment.kind {
                Kind::Supervisor => count.supervisors += 1,
                Kind::Worker => count.workers += 1,
            }
        }
        count
    }
}

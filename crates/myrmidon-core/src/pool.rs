//! Records with stable numbers, and lists that run through them.
//!
//! A [`Pool`] hands out numbers from 1; 0 is "none". A [`List`] is two numbers in its owner; its records hold their
//! neighbours, so that to list and to unlist one is O(1) and allocates nothing. A record may be in several lists: `L`
//! says which of its [`Neighbours`] a list uses.

use crate::tide;
use core::ops::{Index, IndexMut};

/// Records by number. A number is reused only after it was given back.
pub struct Pool<T> {
    records: Vec<T>,
    free: Vec<u32>,
    /// Checked builds: which numbers are given out. A search of `free` would make n ends cost n * n.
    #[cfg(debug_assertions)]
    given: Vec<bool>,
}

impl<T: Default> Pool<T> {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            records: vec![T::default()],
            free: Vec::new(),
            #[cfg(debug_assertions)]
            given: vec![false],
        }
    }

    /// Keeps a record; its number.
    pub fn insert(&mut self, record: T) -> u32 {
        let id = if let Some(id) = self.free.pop() {
            self.records[id as usize] = record;
            id
        } else {
            self.records.push(record);
            self.records.len() as u32 - 1
        };
        #[cfg(debug_assertions)]
        {
            self.given.resize(self.records.len(), false);
            self.given[id as usize] = true;
        }
        id
    }

    /// Takes a record out.
    pub fn remove(&mut self, id: u32) -> T {
        #[cfg(debug_assertions)]
        assert!(core::mem::take(&mut self.given[id as usize]), "{id} is given back twice");
        self.free.push(id);
        core::mem::take(&mut self.records[id as usize])
    }

    /// A record; `None` for a number that was never given out. One that was given back is the default one.
    pub fn get(&self, id: u32) -> Option<&T> {
        self.records.get(id as usize)
    }

    /// A record; `None` for a number that was never given out.
    pub fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        self.records.get_mut(id as usize)
    }

    /// Records in it.
    pub fn len(&self) -> usize {
        self.records.len() - 1 - self.free.len()
    }

    /// Nothing is in it, and a burst left it large.
    pub fn is_spent(&self) -> bool {
        tide::is_spent(self.len(), self.records.capacity())
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.records.capacity() * size_of::<T>() + self.free.capacity() * size_of::<u32>()
    }
}

impl<T> Index<u32> for Pool<T> {
    type Output = T;
    fn index(&self, id: u32) -> &T {
        &self.records[id as usize]
    }
}

impl<T> IndexMut<u32> for Pool<T> {
    fn index_mut(&mut self, id: u32) -> &mut T {
        &mut self.records[id as usize]
    }
}

/// A record's place in a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    before: u32,
    after: u32,
}

impl Neighbours {
    /// The record behind this one; 0: none.
    pub const fn after(self) -> u32 {
        self.after
    }
}

/// A record that can be in the list `L`.
pub trait Listed<const L: u8> {
    /// Its place.
    fn place(&self) -> Neighbours;
    /// Its place.
    fn place_mut(&mut self) -> &mut Neighbours;
}

/// The ends of a list; `Default` is the empty one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct List<const L: u8> {
    /// The first; 0: it is empty.
    pub head: u32,
    tail: u32,
}

impl<const L: u8> List<L> {
    /// Nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.head == 0
    }

    /// Adds a record that is in no list `L`.
    pub fn push<T: Listed<L>>(&mut self, pool: &mut Pool<T>, id: u32) {
        *pool[id].place_mut() = Neighbours { before: self.tail, after: 0 };
        if self.tail == 0 {
            self.head = id;
        } else {
            pool[self.tail].place_mut().after = id;
        }
        self.tail = id;
    }

    /// Takes a record out that is in this list.
    pub fn unlist<T: Listed<L>>(&mut self, pool: &mut Pool<T>, id: u32) {
        let Neighbours { before, after } = core::mem::take(pool[id].place_mut());
        if before == 0 {
            self.head = after;
        } else {
            pool[before].place_mut().after = after;
        }
        if after == 0 {
            self.tail = before;
        } else {
            pool[after].place_mut().before = before;
        }
    }

    /// The numbers, first to last.
    pub fn iter<T: Listed<L>>(self, pool: &Pool<T>) -> impl Iterator<Item = u32> + '_ {
        let mut id = self.head;
        core::iter::from_fn(move || {
            if id == 0 {
                return None;
            }
            #[cfg(test)]
            STEPS.with(|steps| steps.set(steps.get() + 1));
            let found = id;
            id = pool[id].place().after;
            Some(found)
        })
    }
}

#[cfg(test)]
thread_local! {
    static STEPS: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

/// Steps that this thread has taken along lists: the work that tests count.
#[cfg(test)]
pub fn steps() -> usize {
    STEPS.with(core::cell::Cell::get)
}

#[cfg(test)]
mod tests;

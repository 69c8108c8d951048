//! Values of any type, each kept by a number that a record can carry.
//!
//! Owner: one thread. There is a table for each type that was ever put; the caller numbers the types. A value is
//! written where it stays and taken from there as a whole, into the memory that its taker reads it from: a message that is
//! moved from place to place in pieces waits for the processor's stores each time, and the type of a table is compared
//! where it stands, not asked of a virtual function.
//!
//! Promises (docs/semantics.md): G5, a value leaves its slot once.

use core::{
    any::{Any, TypeId},
    mem::MaybeUninit,
};

/// Tables with more room than this give it back when they are empty.
const LARGE: usize = 16_384;

/// Room for one value on its taker's stack; a value that is left in it is dropped with it.
pub struct Hand<M> {
    is_full: bool,
    value: MaybeUninit<M>,
}

impl<M> Default for Hand<M> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<M> Hand<M> {
    /// Nothing in it.
    #[inline]
    pub const fn empty() -> Self {
        Self { is_full: false, value: MaybeUninit::uninit() }
    }

    /// Gives what is in it to a function, from where it is.
    #[inline]
    pub fn give<T>(&mut self, to: impl FnOnce(M) -> T) -> Option<T> {
        if !core::mem::take(&mut self.is_full) {
            return None;
        }
        // SAFETY: it was full, so there is a value; it is not any more, so nobody reads the value again.
        Some(to(unsafe { self.value.assume_init_read() }))
    }
}

impl<M> Drop for Hand<M> {
    #[inline]
    fn drop(&mut self) {
        drop(self.give(|value| value));
    }
}

struct Slots<M> {
    /// From 1: 0 is no value.
    slots: Vec<Option<M>>,
    /// The last one that was emptied is the next one: it is in the cache.
    free: Vec<u32>,
}

impl<M> Slots<M> {
    #[inline]
    fn put(&mut self, value: M) -> u32 {
        let Some(at) = self.free.pop() else { return self.grow(value) };
        let slot = &mut self.slots[at as usize];
        debug_assert!(slot.is_none(), "a free slot is empty");
        // SAFETY: the slot is valid for writes. It is empty, so there is nothing in it to be dropped; were there something, it
        // would be forgotten.
        unsafe { core::ptr::write(slot, Some(value)) };
        at
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, value: M) -> u32 {
        self.slots.push(Some(value));
        self.slots.len() as u32 - 1
    }

    #[inline]
    fn take(&mut self, at: u32, hand: &mut Hand<M>) {
        debug_assert!(!hand.is_full, "a hand takes one value");
        let Some(slot) = self.slots.get_mut(at as usize) else { return };
        let Some(value) = slot else { return };
        // SAFETY: `value` is a live value, and the hand has room for one. It is copied there as a whole, and the slot is
        // overwritten without being dropped: the hand alone has the value afterwards.
        unsafe {
            core::ptr::copy_nonoverlapping(core::ptr::from_ref(value), hand.value.as_mut_ptr(), 1);
            core::ptr::write(slot, None);
        }
        hand.is_full = true;
        self.free.push(at);
    }
}

trait Table: Any + Send {
    fn take_boxed(&mut self, at: u32) -> Option<Box<dyn Any + Send>>;
    fn ebb(&mut self);
}

impl<M: Send + 'static> Table for Slots<M> {
    fn take_boxed(&mut self, at: u32) -> Option<Box<dyn Any + Send>> {
        let mut hand = Hand::empty();
        self.take(at, &mut hand);
        hand.give(|value| Box::new(value) as Box<dyn Any + Send>)
    }

    fn ebb(&mut self) {
        if self.free.len() + 1 == self.slots.len() && self.slots.capacity() > LARGE {
            *self = Self { slots: vec![None], free: Vec::new() };
        }
    }
}

struct Typed {
    /// What its values are: the table is `Slots` of that.
    of: TypeId,
    table: Box<dyn Table>,
}

/// See the module.
#[derive(Default)]
pub struct TypedSlots {
    tables: Vec<Option<Typed>>,
}

impl TypedSlots {
    #[inline]
    #[expect(clippy::cast_ptr_alignment, reason = "the box was made for what it is cast to")]
    fn table<M: Send + 'static>(&mut self, number: u16) -> Option<&mut Slots<M>> {
        let typed = self.tables.get_mut(usize::from(number))?.as_mut()?;
        if typed.of != TypeId::of::<M>() {
            return None;
        }
        let table: *mut dyn Table = &raw mut *typed.table;
        // SAFETY: `of` is written in `open` alone, together with a table of `Slots` of that type, and neither is changed
        // afterwards. The reference is as long as `self`, which it was made from.
        Some(unsafe { &mut *table.cast::<Slots<M>>() })
    }

    /// Keeps a value of the type that has a number; its slot.
    ///
    /// # Panics
    /// The number is that of another type.
    #[inline]
    pub fn put<M: Send + 'static>(&mut self, number: u16, value: M) -> u32 {
        if let Some(table) = self.table::<M>(number) {
            return table.put(value);
        }
        self.open(number, value)
    }

    #[cold]
    #[inline(never)]
    fn open<M: Send + 'static>(&mut self, number: u16, value: M) -> u32 {
        let at = usize::from(number);
        if self.tables.len() <= at {
            self.tables.resize_with(at + 1, || None);
        }
        assert!(self.tables[at].is_none(), "a number stands for one type");
        let slots = Slots::<M> { slots: vec![None, Some(value)], free: Vec::new() };
        self.tables[at] = Some(Typed { of: TypeId::of::<M>(), table: Box::new(slots) });
        1
    }

    /// Takes a value out, into an empty hand. A slot without one, or of another type, leaves it empty.
    #[inline]
    pub fn take<M: Send + 'static>(&mut self, number: u16, slot: u32, hand: &mut Hand<M>) {
        if let Some(table) = self.table::<M>(number) {
            table.take(slot, hand);
        }
    }

    /// Takes a value out, whatever its type.
    pub fn take_boxed(&mut self, number: u16, slot: u32) -> Option<Box<dyn Any + Send>> {
        self.tables.get_mut(usize::from(number))?.as_mut()?.table.take_boxed(slot)
    }

    /// Gives back what a burst left.
    pub fn ebb(&mut self) {
        for typed in self.tables.iter_mut().flatten() {
            typed.table.ebb();
        }
    }
}

#[cfg(test)]
mod tests;

//! Messages between actors of one shard: a store for each type, in which they wait without a box of their own.
//!
//! Owner: the shard's thread. A message that enters the core as a record's SLOT leaves it once (G5): in a delivery, which
//! takes it out, or in a dead letter, which drops it. A record's op is the number of its message's type.

use crate::letter::Parcel;
use core::any::{Any, TypeId, type_name};
use myrmidon_runtime::tags::WIRE;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::{cell::RefCell, sync::LazyLock};

/// The number of a message type in this process; 0 is none.
pub(crate) type Kind = u16;

/// Stores with more room than this give it back when they are empty.
const LARGE: usize = 16_384;

static KINDS: LazyLock<Mutex<FxHashMap<TypeId, Kind>>> = LazyLock::new(Mutex::default);
static NAMES: LazyLock<Mutex<FxHashMap<Kind, &'static str>>> = LazyLock::new(Mutex::default);

/// The name of the type of a number.
pub(crate) fn name_of(kind: Kind) -> &'static str {
    NAMES.lock().get(&kind).copied().unwrap_or("a message of another language")
}

/// The number of a type. A process has at most 32,767 types of messages: beyond are the tags of other languages.
pub(crate) fn kind_of<M: 'static>() -> Kind {
    thread_local! {
        static KNOWN: RefCell<FxHashMap<TypeId, Kind>> = RefCell::default();
    }
    let id = TypeId::of::<M>();
    KNOWN.with_borrow_mut(|known| {
        *known.entry(id).or_insert_with(|| {
            let mut kinds = KINDS.lock();
            let next = Kind::try_from(kinds.len() + 1).ok().filter(|kind| kind & WIRE == 0);
            let next = next.expect("fewer than 32,768 types of messages");
            let kind = *kinds.entry(id).or_insert(next);
            NAMES.lock().insert(kind, type_name::<M>());
            kind
        })
    })
}

enum Slot<M> {
    Free(u32),
    Full(M),
}

struct Store<M> {
    /// From 1: SLOT 0 is no payload.
    slots: Vec<Slot<M>>,
    free: u32,
    full: usize,
}

impl<M> Default for Store<M> {
    fn default() -> Self {
        Self { slots: vec![Slot::Free(0)], free: 0, full: 0 }
    }
}

impl<M> Store<M> {
    #[inline]
    fn put(&mut self, message: M) -> u32 {
        self.full += 1;
        let at = self.free;
        if at == 0 {
            self.slots.push(Slot::Full(message));
            return self.slots.len() as u32 - 1;
        }
        if let Slot::Free(next) = core::mem::replace(&mut self.slots[at as usize], Slot::Full(message)) {
            self.free = next;
        }
        at
    }

    #[inline]
    fn take(&mut self, at: u32) -> Option<M> {
        let place = self.slots.get_mut(at as usize)?;
        match core::mem::replace(place, Slot::Free(self.free)) {
            Slot::Full(message) => {
                self.free = at;
                self.full -= 1;
                Some(message)
            }
            free @ Slot::Free(_) => {
                *place = free;
                None
            }
        }
    }
}

trait AnyStore: Any {
    fn take_parcel(&mut self, at: u32) -> Option<Parcel>;
    fn ebb(&mut self);
}

impl<M: Send + 'static> AnyStore for Store<M> {
    fn take_parcel(&mut self, at: u32) -> Option<Parcel> {
        self.take(at).map(|message| Box::new(message) as Parcel)
    }

    fn ebb(&mut self) {
        if self.full == 0 && self.slots.capacity() > LARGE {
            *self = Self::default();
        }
    }
}

/// The stores of a shard. See the module.
#[derive(Default)]
pub(crate) struct Mail {
    stores: Vec<Option<Box<dyn AnyStore>>>,
}

impl Mail {
    #[inline]
    fn store<M: Send + 'static>(&mut self, kind: Kind) -> Option<&mut Store<M>> {
        let store: &mut dyn Any = &mut **self.stores.get_mut(usize::from(kind))?.as_mut()?;
        store.downcast_mut()
    }

    /// Keeps a message; its slot.
    #[inline]
    pub fn put<M: Send + 'static>(&mut self, kind: Kind, message: M) -> u32 {
        if let Some(store) = self.store::<M>(kind) {
            return store.put(message);
        }
        self.open::<M>(kind).put(message)
    }

    #[cold]
    fn open<M: Send + 'static>(&mut self, kind: Kind) -> &mut Store<M> {
        if self.stores.len() <= usize::from(kind) {
            self.stores.resize_with(usize::from(kind) + 1, || None);
        }
        self.stores[usize::from(kind)] = Some(Box::new(Store::<M>::default()));
        self.store(kind).expect("the store was just made for this type")
    }

    /// Takes a message out.
    #[inline]
    pub fn take<M: Send + 'static>(&mut self, kind: Kind, slot: u32) -> Option<M> {
        self.store::<M>(kind)?.take(slot)
    }

    /// Takes a message out, whatever its type.
    pub fn take_parcel(&mut self, kind: Kind, slot: u32) -> Option<Parcel> {
        self.stores.get_mut(usize::from(kind))?.as_mut()?.take_parcel(slot)
    }

    /// Gives back what a burst left.
    pub fn ebb(&mut self) {
        for store in self.stores.iter_mut().flatten() {
            store.ebb();
        }
    }
}

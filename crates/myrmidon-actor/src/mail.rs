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

struct Store<M> {
    /// From 1: SLOT 0 is no payload.
    slots: Vec<Option<M>>,
    /// The last one that was emptied is the next one: it is in the cache.
    free: Vec<u32>,
}

impl<M> Default for Store<M> {
    fn default() -> Self {
        Self { slots: vec![None], free: Vec::new() }
    }
}

impl<M> Store<M> {
    #[inline]
    fn put(&mut self, message: M) -> u32 {
        if let Some(at) = self.free.pop() {
            self.slots[at as usize] = Some(message);
            return at;
        }
        self.slots.push(Some(message));
        self.slots.len() as u32 - 1
    }

    #[inline]
    fn take(&mut self, at: u32, into: &mut Option<M>) {
        if let Some(place) = self.slots.get_mut(at as usize)
            && place.is_some()
        {
            *into = place.take();
            self.free.push(at);
        }
    }
}

trait AnyStore: Any {
    fn take_parcel(&mut self, at: u32) -> Option<Parcel>;
    fn ebb(&mut self);
}

impl<M: Send + 'static> AnyStore for Store<M> {
    fn take_parcel(&mut self, at: u32) -> Option<Parcel> {
        let mut message = None;
        self.take(at, &mut message);
        message.map(|message| Box::new(message) as Parcel)
    }

    fn ebb(&mut self) {
        if self.free.len() + 1 == self.slots.len() && self.slots.capacity() > LARGE {
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
        let store = match self.store::<M>(kind) {
            Some(store) => store,
            None => self.open(kind),
        };
        store.put(message)
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
    pub fn take<M: Send + 'static>(&mut self, kind: Kind, slot: u32) -> Option<M> {
        let mut message = None;
        self.take_into(kind, slot, &mut message);
        message
    }

    /// The same, into a place of the caller's: as a whole. Inlined, it would be moved in pieces from place to place, and each
    /// read of several of them waits for the processor's stores.
    #[inline(never)]
    pub fn take_into<M: Send + 'static>(&mut self, kind: Kind, slot: u32, into: &mut Option<M>) {
        if let Some(store) = self.store::<M>(kind) {
            store.take(slot, into);
        }
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

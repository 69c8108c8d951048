//! Messages between actors of one shard: they wait in typed slots, without a box of their own, by the numbers of their types.
//!
//! Owner: the shard's thread. A message that enters the core as a record's SLOT leaves it once (G5): in a delivery, which
//! takes it out, or in a dead letter, which drops it. A record's op is the number of its message's type.

use core::any::{TypeId, type_name};
use myrmidon_core::typed_slots::{Hand, TypedSlots};
use myrmidon_runtime::tags::WIRE;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::{cell::RefCell, sync::LazyLock};

/// The number of a message type in this process; 0 is none.
pub(crate) type Kind = u16;

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

/// Messages as they wait. See the module.
pub(crate) type Mail = TypedSlots;

/// Takes a message out.
pub(crate) fn take<M: Send + 'static>(mail: &mut Mail, kind: Kind, slot: u32) -> Option<M> {
    let mut hand = Hand::empty();
    mail.take(kind, slot, &mut hand);
    hand.give(|message| message)
}

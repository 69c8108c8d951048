//! Versions: what an actor runs is the type of its actor, and each such type has a number in this process.

use core::any::{TypeId, type_name};
use myrmidon_core::swap::Version;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::{cell::RefCell, sync::LazyLock};

#[derive(Default)]
struct Known {
    numbers: FxHashMap<TypeId, Version>,
    names: Vec<&'static str>,
}

static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

/// The number of a type of actors. Each closure of [`crate::behavior`] is a type of its own.
pub(crate) fn version_of<A: 'static>() -> Version {
    thread_local! {
        static HERE: RefCell<FxHashMap<TypeId, Version>> = RefCell::default();
    }
    let id = TypeId::of::<A>();
    HERE.with_borrow_mut(|here| {
        *here.entry(id).or_insert_with(|| {
            let mut known = KNOWN.lock();
            let next = Version(known.names.len() as u32);
            let version = *known.numbers.entry(id).or_insert(next);
            if version == next {
                known.names.push(type_name::<A>());
            }
            version
        })
    })
}

/// The name of its type.
pub(crate) fn name_of(version: Version) -> &'static str {
    KNOWN.lock().names.get(version.0 as usize).copied().unwrap_or("a type of actors that is not known")
}

//! The calls of the hot path of a shard, exported by hand (`raw`).
//!
//! They take no arguments: what they need stands in the shared block `call`, because each argument or result that
//! Node-API converts costs as much as half a call. JavaScript writes the first three
//! and the sixth, native code the rest.
//!
//! ```text
//! call[0] now, ms           call[3] written: records in the completion ring; or the answer of `admit` (`Cell::admit`)
//! call[1] submitted         call[4] result of the last DEMONITOR or CANCEL
//! call[2] max deliveries*   call[5] words of the outgoing arena that the records use; set to 0 when they are read
//!                           call[6] words of the incoming arena that the batch fills
//!                           call[7] mailboxes that are marked in `congested`
//! ```
//!
//! * Below 0 after a tick: it has waited for what it delivers.
//!
//! `account` alone takes the words of a PID in call[0] and call[1]: it is called once for each actor that is swapped.
//! `look` answers whether something waits that the next tick would take in. `load` takes a place and a length in call[0]
//! and call[1], and answers a SLOT.
//!
//! The shard behind a call that panics is given up: half-done work must not be gone on with.

use crate::{
    cell::Cell,
    raw::{self, Callback, Owner},
};
use core::{any::Any, ffi::CStr};
use napi::{Env, Error, Result, bindgen_prelude::Object, sys};
use std::rc::Rc;

/// Positions in `call`.
pub mod call {
    pub const NOW: usize = 0;
    pub const SUBMITTED: usize = 1;
    pub const MAX: usize = 2;
    pub const ANSWER: usize = 3;
    pub const RESULT: usize = 4;
    pub const OUTGOING: usize = 5;
    pub const INCOMING: usize = 6;
    pub const CONGESTED: usize = 7;
    pub const LENGTH: usize = 8;
}

impl Owner for Cell {
    const CODE: &'static CStr = c"ERR_MYRMIDON_SHARD";

    fn poison(&self, panic: &(dyn Any + Send)) -> Error {
        self.give_up(panic)
    }
}

/// Sets the hot calls on `target`. The functions keep the shard's cell alive.
pub fn export(env: &Env, cell: &Rc<Cell>, target: &mut Object<'_>) -> Result<()> {
    let calls = [
        (c"tick", tick as Callback),
        (c"admit", admit as Callback),
        (c"account", account as Callback),
        (c"look", look as Callback),
        (c"load", load as Callback),
    ];
    raw::export(env, cell, target, &calls)
}

unsafe extern "C" fn tick(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: called by Node-API with its own arguments, as `export` has made it.
    unsafe { raw::enter(env, info, Cell::tick) }
}

unsafe extern "C" fn admit(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as above.
    unsafe { raw::enter(env, info, Cell::admit) }
}

unsafe extern "C" fn account(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as above.
    unsafe { raw::enter(env, info, Cell::account) }
}

unsafe extern "C" fn look(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as above.
    unsafe { raw::enter(env, info, Cell::look) }
}

unsafe extern "C" fn load(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as above.
    unsafe { raw::enter(env, info, Cell::load) }
}

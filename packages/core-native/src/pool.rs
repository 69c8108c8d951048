//! The blocks that one isolate holds, and what it knows of their `ArrayBuffer`s: what is behind the class of `buffer`,
//! whose rules these are.
//!
//! Owner: the isolate's thread. The calls of a hop are exported by hand (`raw`): they take the block's number from call[0]
//! and leave their answer in call[1].

use crate::{
    buffers::Held,
    raw::{self, Call, Callback, Owner, words_of},
};
use core::{
    any::Any,
    cell::{Cell, RefCell},
    ffi::{CStr, c_void},
    mem, ptr,
};
use myrmidon_runtime::{
    Account,
    buffer::{Flight, Handle, SharedBuffer},
};
use napi::{Env, Error, Result, Status, bindgen_prelude::Object, check_status, sys};
use rustc_hash::FxHashMap;
use std::{
    rc::{Rc, Weak},
    sync::Arc,
};

/// What the calls that end a stay answer. The numbers are those of `packages/actor/src/internal/native/buffers.ts`.
pub mod answer {
    pub const DONE: u32 = 0;
    pub const STALE: u32 = 1;
    pub const TAKEN: u32 = 2;
}

/// What `arrive` and `come_back` answer: the block is in no flight; it is here, and that memory is not its; both are. The
/// numbers are those of `packages/actor/src/internal/native/buffers.ts`.
mod coming {
    pub const NOT_AT_ALL: u32 = 0;
    pub const ALONE: u32 = 1;
    pub const WITH_MEMORY: u32 = 2;
}

/// Positions in the block of arguments and answers.
mod call {
    pub const NUMBER: usize = 0;
    pub const ANSWER: usize = 1;
    pub const LENGTH: usize = 2;
}

/// What is known of one block.
#[derive(Default)]
struct Place {
    /// This isolate holds it, or has it in flight inside of itself. JavaScript looks at its bytes: here nobody does but
    /// through their pointers.
    buffer: Option<SharedBuffer>,
    /// The `ArrayBuffer` of its external memory, by a weak reference.
    view: Option<sys::napi_ref>,
    /// Of its external memory, which has not been given up.
    token: Option<Weak<Token>>,
}

impl Place {
    /// `value` is the `ArrayBuffer` of the block, which is held, from now on.
    fn watch(&mut self, env: sys::napi_env, value: sys::napi_value) -> Result<()> {
        let mut reference = ptr::null_mut();
        // SAFETY: a value of the running call; the pointer is to a local.
        check_status!(unsafe { sys::napi_create_reference(env, value, 0, &raw mut reference) })?;
        forget_reference(env, self.view.replace(reference));
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.buffer.is_none() && self.view.is_none() && self.token.is_none()
    }
}

pub struct Pool {
    pub account: Arc<Account>,
    places: RefCell<FxHashMap<Handle, Place>>,
    /// What has departed; those that a payload has taken over are swept out now and then.
    leaving: RefCell<Vec<Flight>>,
    /// So many are there before that.
    most_leaving: Cell<usize>,
    pub copies: Cell<bool>,
    /// Of the calls of a hop, until the environment ends.
    call: RefCell<Option<Held<f64>>>,
}

/// Flights that are kept before those that have ended are swept out.
const LEAVING: usize = 32;

impl Pool {
    pub fn new(account: Arc<Account>, copies: bool) -> Self {
        Self {
            account,
            places: RefCell::default(),
            leaving: RefCell::default(),
            most_leaving: Cell::new(LEAVING),
            copies: Cell::new(copies),
            call: RefCell::new(None),
        }
    }

    pub fn hold(&self, buffer: SharedBuffer) -> Handle {
        let handle = buffer.handle();
        self.places.borrow_mut().entry(handle).or_default().buffer = Some(buffer);
        handle
    }

    /// Takes the block out, of which no `ArrayBuffer` is known any more.
    pub fn take(&self, env: sys::napi_env, handle: Handle) -> Option<SharedBuffer> {
        let mut places = self.places.borrow_mut();
        let place = places.get_mut(&handle)?;
        let buffer = place.buffer.take()?;
        let view = place.view.take();
        if place.is_empty() {
            places.remove(&handle);
        }
        drop(places);
        forget_reference(env, view);
        Some(buffer)
    }

    /// The number of a block that this isolate holds.
    pub fn held(&self, number: f64) -> Option<Handle> {
        handle_of(number).filter(|handle| self.place(*handle).is_some())
    }

    pub fn stay(&self, handle: Handle) -> Option<u64> {
        self.places.borrow().get(&handle)?.buffer.as_ref().map(SharedBuffer::stay)
    }

    /// Where the bytes of a block are that is held, and how many.
    pub fn place(&self, handle: Handle) -> Option<(*mut u8, usize)> {
        self.places.borrow().get(&handle)?.buffer.as_ref().map(|buffer| (buffer.as_raw(), buffer.len()))
    }

    /// Puts the block in flight.
    pub fn leave(&self, env: sys::napi_env, handle: Handle) -> u32 {
        let Some(buffer) = self.take(env, handle) else { return answer::STALE };
        let mut leaving = self.leaving.borrow_mut();
        if leaving.len() >= self.most_leaving.get() {
            leaving.retain(Flight::lasts);
            self.most_leaving.set(LEAVING.max(leaving.len() * 2));
        }
        leaving.push(buffer.depart());
        answer::DONE
    }

    // Another one of the same block may have been made since.
    fn forget_token(&self, token: &Rc<Token>) {
        let mut places = self.places.borrow_mut();
        let Some(place) = places.get_mut(&token.handle) else { return };
        if place.token.as_ref().is_some_and(|known| known.as_ptr() == Rc::as_ptr(token)) {
            place.token = None;
            if place.is_empty() {
                places.remove(&token.handle);
            }
        }
    }

    /// The environment ends, and Node.js gives up memory whoever has it: whether it was taken from a block that is held.
    fn is_taken(&self, env: sys::napi_env, handle: Handle) -> bool {
        let reference = self.places.borrow().get(&handle).and_then(|place| place.view);
        let Some(reference) = reference else { return false };
        let (mut scope, mut value, mut is_detached) = (ptr::null_mut(), ptr::null_mut(), true);
        // SAFETY: the environment's thread; a reference of it; the pointers are to locals.
        unsafe {
            if sys::napi_open_handle_scope(env, &raw mut scope) == sys::Status::napi_ok {
                sys::napi_get_reference_value(env, reference, &raw mut value);
                if !value.is_null() {
                    sys::napi_is_detached_arraybuffer(env, value, &raw mut is_detached);
                }
                sys::napi_close_handle_scope(env, scope);
            }
        }
        is_detached
    }

    /// The environment ends.
    pub fn release_all(&self) {
        let held: Vec<SharedBuffer> =
            self.places.borrow_mut().values_mut().filter_map(|place| place.buffer.take()).collect();
        drop(held);
        drop(self.leaving.take());
        drop(self.call.take());
    }

    /// The block's memory as an external `ArrayBuffer`, of which the pool is told when it is collected.
    pub fn external(
        self: &Rc<Self>,
        env: sys::napi_env,
        handle: Handle,
        (bytes, len): (*mut u8, usize),
    ) -> (sys::napi_status, sys::napi_value) {
        let stay = Cell::new(self.stay(handle).unwrap_or_default());
        let token = Rc::new(Token { pool: Rc::clone(self), handle, stay });
        let known = Rc::downgrade(&token);
        let token = Rc::into_raw(token);
        let mut value = ptr::null_mut();
        // SAFETY: the memory lives until the buffer is detached or its finalizer has run: see `buffer`.
        let status = unsafe {
            sys::napi_create_external_arraybuffer(
                env,
                bytes.cast(),
                len,
                Some(collected),
                token.cast_mut().cast(),
                &raw mut value,
            )
        };
        if status == sys::Status::napi_ok {
            self.places.borrow_mut().entry(handle).or_default().token = Some(known);
        } else {
            // SAFETY: Node-API did not take it.
            drop(unsafe { Rc::from_raw(token) });
        }
        (status, value)
    }

    // -- the calls of a hop -------------------------------------------------------------------------------------------

    /// Sets them on `target`. `held`: the block of arguments and answers.
    pub fn export(self: &Rc<Self>, env: &Env, target: &mut Object<'_>, held: sys::napi_value) -> Result<()> {
        // SAFETY: the values are those of the running call.
        *self.call.borrow_mut() = Some(unsafe { Held::hold(env.raw(), held, call::LENGTH, "the block of arguments")? });
        let calls = [
            (c"leave", leave as Callback),
            (c"arrive", arrive as Callback),
            (c"comeBack", come_back as Callback),
            (c"moved", moved as Callback),
        ];
        raw::export(env, self, target, &calls)
    }

    fn number(&self) -> Result<f64> {
        let call = self.call.borrow();
        let held = call.as_ref().ok_or_else(|| Error::new(Status::Closing, "the isolate has ended"))?;
        Ok(held.get()[call::NUMBER])
    }

    fn answer(&self, answer: u32) {
        if let Some(held) = &mut *self.call.borrow_mut() {
            held.get_mut()[call::ANSWER] = f64::from(answer);
        }
    }

    // A block that the program has no `ArrayBuffer` of: that was moved away, or never was.
    fn leaves(&self, call: &Call) -> Result<()> {
        let answer = handle_of(self.number()?).map_or(answer::STALE, |handle| self.leave(call.env, handle));
        self.answer(answer);
        Ok(())
    }

    fn arrives(&self) -> Result<()> {
        let arrived = handle_of(self.number()?).and_then(SharedBuffer::arrive);
        let arrived = arrived.map(|buffer| self.hold(buffer)).is_some();
        self.answer(if arrived { coming::ALONE } else { coming::NOT_AT_ALL });
        Ok(())
    }

    // As `arrives`; the memory of the external `ArrayBuffer` that was kept is the block's again, and is under the argument.
    fn comes_back(&self, call: &Call) -> Result<()> {
        let Some(buffer) = handle_of(self.number()?).and_then(SharedBuffer::arrive) else {
            self.answer(coming::NOT_AT_ALL);
            return Ok(());
        };
        let (handle, stay) = (buffer.handle(), buffer.stay());
        let mut places = self.places.borrow_mut();
        let place = places.entry(handle).or_default();
        place.buffer = Some(buffer);
        let token = place.token.as_ref().and_then(Weak::upgrade);
        let Some(token) = token else {
            self.answer(coming::ALONE);
            return Ok(());
        };
        token.stay.set(stay);
        place.watch(call.env, call.argument)?;
        self.answer(coming::WITH_MEMORY);
        Ok(())
    }

    // The program's `ArrayBuffer` of the block is another one: its memory was moved within the isolate.
    fn is_moved(&self, call: &Call) -> Result<()> {
        let Some(handle) = handle_of(self.number()?) else { return Ok(()) };
        match self.places.borrow_mut().get_mut(&handle).filter(|place| place.buffer.is_some()) {
            Some(place) => place.watch(call.env, call.argument),
            None => Ok(()),
        }
    }
}

impl Owner for Pool {
    const CODE: &'static CStr = c"ERR_MYRMIDON_BUFFER";

    fn poison(&self, panic: &(dyn Any + Send)) -> Error {
        Error::from_reason(words_of(panic))
    }
}

unsafe extern "C" fn leave(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: called by Node-API with its own arguments, as `export` has made it.
    unsafe { raw::enter_with(env, info, Pool::leaves) }
}

unsafe extern "C" fn arrive(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as above.
    unsafe { raw::enter(env, info, Pool::arrives) }
}

unsafe extern "C" fn come_back(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as above.
    unsafe { raw::enter_with(env, info, Pool::comes_back) }
}

unsafe extern "C" fn moved(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as above.
    unsafe { raw::enter_with(env, info, Pool::is_moved) }
}

fn forget_reference(env: sys::napi_env, reference: Option<sys::napi_ref>) {
    if let Some(reference) = reference {
        // SAFETY: it is of this environment, and known to nobody else. A failure leaves a weak reference behind.
        unsafe { sys::napi_delete_reference(env, reference) };
    }
}

/// Whether an environment ends: JavaScript cannot be called any more.
fn is_ending(env: sys::napi_env) -> bool {
    let (mut scope, mut value, mut equal) = (ptr::null_mut(), ptr::null_mut(), false);
    // SAFETY: the environment's thread; the pointers are to locals. The comparison is the cheapest call that asks first.
    unsafe {
        if sys::napi_open_handle_scope(env, &raw mut scope) != sys::Status::napi_ok {
            return true;
        }
        sys::napi_get_undefined(env, &raw mut value);
        let status = sys::napi_strict_equals(env, value, value, &raw mut equal);
        sys::napi_close_handle_scope(env, scope);
        status != sys::Status::napi_ok
    }
}

/// Of one external `ArrayBuffer`.
struct Token {
    pool: Rc<Pool>,
    handle: Handle,
    /// The block's last one here.
    stay: Cell<u64>,
}

unsafe extern "C" fn collected(env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: the count that `external` leaked for this buffer; Node-API calls this once, on the isolate's thread.
    let token = unsafe { Rc::from_raw(hint.cast_const().cast::<Token>()) };
    token.pool.forget_token(&token);
    if is_ending(env) && token.pool.is_taken(env, token.handle) {
        // Whoever has it may look at it for as long as the process lasts.
        if let Some(buffer) = token.pool.take(env, token.handle) {
            mem::forget(buffer);
        }
        return;
    }
    if token.pool.stay(token.handle) == Some(token.stay.get()) {
        drop(token.pool.take(env, token.handle));
    }
}

pub fn handle_of(number: f64) -> Option<Handle> {
    // A cast rounds; then it is another number.
    Handle::from_u64(number as u64).filter(|handle| (handle.to_u64() as f64).to_bits() == number.to_bits())
}

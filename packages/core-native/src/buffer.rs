//! Node's door to `myrmidon_runtime::buffer`: blocks as external `ArrayBuffer`s.
//!
//! An isolate sees a block through one `ArrayBuffer` at a time, and only while it holds it: before a block departs or is
//! released its `ArrayBuffer` is detached, so that every view has length 0 and V8 has let go of the memory. An
//! `ArrayBuffer` that somebody detached on their own (`transfer`) took the memory along: then the block is nobody's to
//! send or free, and goes with that memory's finalizer.
//!
//! Every view holds a token: the handle, and the stay it was made in. Its finalizer gives the block up if it is still held
//! in that stay, and says nothing otherwise. When the environment ends, what its pools still hold is released, and so is
//! what has departed and is in no payload yet (G203).
//!
//! Memory that was taken may be in another thread by then: Node.js calls finalizers when an environment ends, whoever has the
//! memory. So a program never gets the `ArrayBuffer` that Node.js knows, and detaches at that moment, but one that its memory
//! was moved to (`moved`), and the pool has a weak reference to that: when it is detached or gone although nobody has said
//! so, the memory was taken, and the block stays, and stays counted, for good (G186).
//!
//! A block that leaves may come back, and to make an external `ArrayBuffer` of it costs what V8 thinks of so many bytes. So
//! one that the program no longer sees (its memory was moved away from what the program has) may be kept for that: `depart`
//! without a view leaves it alone, and `come_back` gives its token the block's new stay. Nobody looks through it
//! meanwhile, and what it names is compared with the block that has come, generation and all.
//!
//! Where external buffers are refused (V8's sandbox) a view is a copy, written back when the block departs.

use core::{cell::RefCell, ffi::c_void, mem, ptr};
use myrmidon_runtime::{
    Account, System,
    buffer::{Flight, Handle, Refusal, SharedBuffer},
    system::JoinError,
};
use napi::{Env, Error, JsValue, Result, Status, bindgen_prelude::Unknown, check_status, sys};
use napi_derive::napi;
use rustc_hash::FxHashMap;
use std::{
    cell::Cell,
    rc::{Rc, Weak},
    sync::Arc,
};

/// What `depart` and `release` answer. The numbers are those of `packages/actor/src/internal/native/buffers.ts`.
mod answer {
    pub const DONE: u32 = 0;
    pub const STALE: u32 = 1;
    pub const TAKEN: u32 = 2;
}

/// What `come_back` answers: the block is in no flight; it is here, and that memory is not its; both are. The numbers are
/// those of `packages/actor/src/internal/native/buffers.ts`.
mod coming {
    pub const NOT_AT_ALL: u32 = 0;
    pub const ALONE: u32 = 1;
    pub const WITH_MEMORY: u32 = 2;
}

struct Pool {
    account: Arc<Account>,
    /// What this isolate holds, or has in flight inside of itself. JavaScript looks at their bytes: here nobody does but
    /// through their pointers.
    mine: RefCell<FxHashMap<Handle, SharedBuffer>>,
    /// What has departed; those that a payload has taken over are swept out now and then.
    leaving: RefCell<Vec<Flight>>,
    /// So many are there before that.
    most_leaving: Cell<usize>,
    /// The `ArrayBuffer`s of external memory, each by a weak reference.
    views: RefCell<FxHashMap<Handle, sys::napi_ref>>,
    /// The tokens of external memory that has not been given up.
    tokens: RefCell<FxHashMap<Handle, Weak<Token>>>,
    copies: Cell<bool>,
}

/// Flights that are kept before those that have ended are swept out.
const LEAVING: usize = 32;

impl Pool {
    fn hold(&self, buffer: SharedBuffer) -> Handle {
        let handle = buffer.handle();
        self.mine.borrow_mut().insert(handle, buffer);
        handle
    }

    fn take(&self, handle: Handle) -> Option<SharedBuffer> {
        self.mine.borrow_mut().remove(&handle)
    }

    /// The number of a block that this isolate holds.
    fn held(&self, number: f64) -> Option<Handle> {
        handle_of(number).filter(|handle| self.mine.borrow().contains_key(handle))
    }

    fn stay(&self, handle: Handle) -> Option<u64> {
        self.mine.borrow().get(&handle).map(SharedBuffer::stay)
    }

    /// Where the bytes of a block are, and how many.
    fn place(&self, handle: Handle) -> Option<(*mut u8, usize)> {
        self.mine.borrow().get(&handle).map(|buffer| (buffer.as_raw(), buffer.len()))
    }

    fn leave(&self, buffer: SharedBuffer) {
        let mut leaving = self.leaving.borrow_mut();
        if leaving.len() >= self.most_leaving.get() {
            leaving.retain(Flight::lasts);
            self.most_leaving.set(LEAVING.max(leaving.len() * 2));
        }
        leaving.push(buffer.depart());
    }

    // Another one of the same block may have been made since.
    fn forget_token(&self, token: &Rc<Token>) {
        let mut tokens = self.tokens.borrow_mut();
        if tokens.get(&token.handle).is_some_and(|known| known.as_ptr() == Rc::as_ptr(token)) {
            tokens.remove(&token.handle);
        }
    }

    /// `value` is the `ArrayBuffer` of the block from now on.
    fn watch(&self, env: sys::napi_env, handle: Handle, value: sys::napi_value) -> Result<()> {
        let mut reference = ptr::null_mut();
        // SAFETY: a value of the running call; the pointer is to a local.
        check_status!(unsafe { sys::napi_create_reference(env, value, 0, &raw mut reference) })?;
        let before = self.views.borrow_mut().insert(handle, reference);
        forget_reference(env, before);
        Ok(())
    }

    fn unwatch(&self, env: sys::napi_env, handle: Handle) {
        let before = self.views.borrow_mut().remove(&handle);
        forget_reference(env, before);
    }

    /// The environment ends, and Node.js gives up memory whoever has it: whether it was taken from a block that is held.
    fn is_taken(&self, env: sys::napi_env, handle: Handle) -> bool {
        let Some(reference) = self.views.borrow().get(&handle).copied() else { return false };
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

    fn release_all(&self) {
        drop(self.mine.take());
        drop(self.leaving.take());
    }
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
        if let Some(buffer) = token.pool.take(token.handle) {
            mem::forget(buffer);
        }
        return;
    }
    if token.pool.stay(token.handle) == Some(token.stay.get()) {
        token.pool.unwatch(env, token.handle);
        drop(token.pool.take(token.handle));
    }
}

fn handle_of(number: f64) -> Option<Handle> {
    // A cast rounds; then it is another number.
    Handle::from_u64(number as u64).filter(|handle| (handle.to_u64() as f64).to_bits() == number.to_bits())
}

/// The blocks of one system, in one isolate.
#[napi]
pub struct NativeBuffers {
    pool: Rc<Pool>,
}

#[napi]
impl NativeBuffers {
    /// `limit`: bytes that may be outstanding; of a system with more shards than one the first that says it counts, and
    /// all of them are on one account. `copies`: as where external buffers are refused; for tests.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: &Env, limit: f64, copies: bool, system: Option<u32>) -> Result<Self> {
        let account = match system {
            None => Account::new(limit as usize),
            Some(handle) => System::find(handle)
                .ok_or_else(|| Error::new(Status::InvalidArg, JoinError::Ended.to_string()))?
                .account(limit as usize),
        };
        let pool = Rc::new(Pool {
            account,
            mine: RefCell::default(),
            leaving: RefCell::default(),
            most_leaving: Cell::new(LEAVING),
            views: RefCell::default(),
            tokens: RefCell::default(),
            copies: Cell::new(copies),
        });
        env.add_env_cleanup_hook(Rc::clone(&pool), |pool| pool.release_all())?;
        Ok(Self { pool })
    }

    /// A block of zeros; its number, 0: the limit is reached, -1: the machine has not that much.
    #[napi(catch_unwind)]
    pub fn allocate(&self, bytes: f64) -> f64 {
        match SharedBuffer::allocate(&self.pool.account, bytes as usize) {
            Ok(buffer) => self.pool.hold(buffer).to_u64() as f64,
            Err(Refusal::Limit) => 0.0,
            Err(Refusal::Memory) => -1.0,
        }
    }

    /// The block's bytes as an `ArrayBuffer`, the only one there is of them. It must be held.
    #[napi(catch_unwind)]
    pub fn view<'env>(&self, env: &'env Env, number: f64) -> Result<Unknown<'env>> {
        let handle = self.pool.held(number);
        let Some((handle, place)) = handle.and_then(|handle| Some((handle, self.pool.place(handle)?))) else {
            return Err(Error::new(Status::InvalidArg, "no block that is held here"));
        };
        let raw = self.array_buffer(env, handle, place)?;
        // SAFETY: a value of the running call.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), raw) })
    }

    fn array_buffer(&self, env: &Env, handle: Handle, place: (*mut u8, usize)) -> Result<sys::napi_value> {
        let (bytes, len) = place;
        if len > 0 && !self.pool.copies.get() {
            let (status, value) = self.external(env, handle, place);
            if status != sys::Status::napi_no_external_buffers_allowed {
                check_status!(status)?;
                return Ok(value);
            }
            self.pool.copies.set(true);
        }
        let (mut data, mut value) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the pointers are to locals.
        check_status!(unsafe { sys::napi_create_arraybuffer(env.raw(), len, &raw mut data, &raw mut value) })?;
        if len > 0 {
            // SAFETY: both are of that length, one of them new; this isolate holds the block.
            unsafe { ptr::copy_nonoverlapping(bytes, data.cast::<u8>(), len) };
        }
        Ok(value)
    }

    /// The program's `ArrayBuffer` of the block is another one: its memory was moved within the isolate.
    #[napi(catch_unwind)]
    pub fn moved(&self, env: &Env, number: f64, view: Unknown<'_>) -> Result<()> {
        match self.pool.held(number) {
            Some(handle) => self.pool.watch(env.raw(), handle, view.raw()),
            None => Ok(()),
        }
    }

    fn external(
        &self,
        env: &Env,
        handle: Handle,
        (bytes, len): (*mut u8, usize),
    ) -> (sys::napi_status, sys::napi_value) {
        let stay = Cell::new(self.pool.stay(handle).unwrap_or_default());
        let token = Rc::new(Token { pool: Rc::clone(&self.pool), handle, stay });
        let known = Rc::downgrade(&token);
        let token = Rc::into_raw(token);
        let mut value = ptr::null_mut();
        // SAFETY: the memory lives until the buffer is detached or its finalizer has run: see the module.
        let status = unsafe {
            sys::napi_create_external_arraybuffer(
                env.raw(),
                bytes.cast(),
                len,
                Some(collected),
                token.cast_mut().cast(),
                &raw mut value,
            )
        };
        if status == sys::Status::napi_ok {
            self.pool.tokens.borrow_mut().insert(handle, known);
        } else {
            // SAFETY: Node-API did not take it.
            drop(unsafe { Rc::from_raw(token) });
        }
        (status, value)
    }

    /// Detaches the block's view, where it has one, and puts the block in flight: it is the payload's that is made with its
    /// number (`NativeShard.putParcel`), or goes with this environment.
    #[napi(catch_unwind)]
    pub fn depart(&self, env: &Env, number: f64, view: Option<Unknown<'_>>) -> Result<u32> {
        let Some(handle) = self.pool.held(number) else { return Ok(answer::STALE) };
        if !self.detach(env, handle, view)? {
            return Ok(answer::TAKEN);
        }
        self.pool.unwatch(env.raw(), handle);
        Ok(self.pool.take(handle).map_or(answer::STALE, |buffer| {
            self.pool.leave(buffer);
            answer::DONE
        }))
    }

    /// Ends a flight: this isolate holds the block.
    #[napi(catch_unwind)]
    pub fn arrive(&self, number: f64) -> bool {
        let arrived = handle_of(number).and_then(SharedBuffer::arrive);
        arrived.map(|buffer| self.pool.hold(buffer)).is_some()
    }

    /// Ends a flight as `arrive` does; the memory of the external `ArrayBuffer` that was kept is the block's again, and is
    /// under `view`.
    #[napi(catch_unwind)]
    pub fn come_back(&self, env: &Env, number: f64, view: Unknown<'_>) -> Result<u32> {
        let Some(buffer) = handle_of(number).and_then(SharedBuffer::arrive) else { return Ok(coming::NOT_AT_ALL) };
        let stay = buffer.stay();
        let handle = self.pool.hold(buffer);
        let token = self.pool.tokens.borrow().get(&handle).and_then(Weak::upgrade);
        let Some(token) = token else { return Ok(coming::ALONE) };
        token.stay.set(stay);
        self.pool.watch(env.raw(), handle, view.raw())?;
        Ok(coming::WITH_MEMORY)
    }

    /// Detaches the block's view, where it has one, and frees the block.
    #[napi(catch_unwind)]
    pub fn release(&self, env: &Env, number: f64, view: Option<Unknown<'_>>) -> Result<u32> {
        // What somebody else holds is not to be written to, nor freed.
        let Some(handle) = self.pool.held(number) else { return Ok(answer::STALE) };
        if !self.detach(env, handle, view)? {
            return Ok(answer::TAKEN);
        }
        self.pool.unwatch(env.raw(), handle);
        Ok(self.pool.take(handle).map_or(answer::STALE, |_| answer::DONE))
    }

    // `false`: somebody else detached it, and has the memory.
    fn detach(&self, env: &Env, handle: Handle, view: Option<Unknown<'_>>) -> Result<bool> {
        let Some(value) = view.map(|view| view.raw()) else { return Ok(true) };
        let (mut data, mut len, mut is_detached) = (ptr::null_mut(), 0, false);
        // SAFETY: a value of the running call; the pointers are to locals.
        check_status!(unsafe { sys::napi_is_detached_arraybuffer(env.raw(), value, &raw mut is_detached) })?;
        if is_detached {
            return Ok(false);
        }
        // SAFETY: as above.
        check_status!(unsafe { sys::napi_get_arraybuffer_info(env.raw(), value, &raw mut data, &raw mut len) })?;
        if let Some((bytes, held)) = self.pool.place(handle)
            && held > 0
            && held == len
            && bytes.cast() != data
        {
            // SAFETY: a copy of that length, see `array_buffer`; this isolate holds the block.
            unsafe { ptr::copy_nonoverlapping(data.cast::<u8>(), bytes, held) };
        }
        // SAFETY: as above.
        check_status!(unsafe { sys::napi_detach_arraybuffer(env.raw(), value) })?;
        Ok(true)
    }

    /// Tells V8 of so many bytes outside of its heap, or of so many fewer, for as long as memory is moved: see `hefty` in
    /// `packages/actor/src/internal/native/buffers.ts`.
    #[napi(catch_unwind)]
    pub fn weigh(&self, env: &Env, bytes: f64) -> Result<()> {
        env.adjust_external_memory(bytes as i64).map(drop)
    }

    /// Bytes outstanding; of a system with more shards than one, of all of them.
    #[napi(getter, catch_unwind)]
    pub fn bytes(&self) -> f64 {
        self.pool.account.bytes() as f64
    }

    /// Whether views are copies.
    #[napi(getter, catch_unwind)]
    pub fn copies(&self) -> bool {
        self.pool.copies.get()
    }
}

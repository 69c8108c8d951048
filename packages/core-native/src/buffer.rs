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

use crate::pool::{Pool, answer};
use core::ptr;
use myrmidon_runtime::{
    Account, System,
    buffer::{Handle, Refusal, SharedBuffer},
    system::JoinError,
};
use napi::{
    Env, Error, JsValue, Result, Status,
    bindgen_prelude::{Object, Unknown},
    check_status, sys,
};
use napi_derive::napi;
use std::rc::Rc;

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
        let pool = Rc::new(Pool::new(account, copies));
        env.add_env_cleanup_hook(Rc::clone(&pool), |pool| pool.release_all())?;
        Ok(Self { pool })
    }

    /// Sets the calls of a hop on `target` (`pool`). `call`: a `Float64Array`, where their arguments and answers stand.
    #[napi(catch_unwind)]
    pub fn attach(&self, env: &Env, mut target: Object<'_>, call: Unknown<'_>) -> Result<()> {
        self.pool.export(env, &mut target, call.raw())
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
            let (status, value) = self.pool.external(env.raw(), handle, place);
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

    /// Detaches the block's view, where it has one, and puts the block in flight: it is the payload's that is made with its
    /// number (`NativeShard.putParcel`), or goes with this environment.
    #[napi(catch_unwind)]
    pub fn depart(&self, env: &Env, number: f64, view: Option<Unknown<'_>>) -> Result<u32> {
        let Some(handle) = self.pool.held(number) else { return Ok(answer::STALE) };
        if !self.detach(env, handle, view)? {
            return Ok(answer::TAKEN);
        }
        Ok(self.pool.leave(env.raw(), handle))
    }

    /// Detaches the block's view, where it has one, and frees the block.
    #[napi(catch_unwind)]
    pub fn release(&self, env: &Env, number: f64, view: Option<Unknown<'_>>) -> Result<u32> {
        // What somebody else holds is not to be written to, nor freed.
        let Some(handle) = self.pool.held(number) else { return Ok(answer::STALE) };
        if !self.detach(env, handle, view)? {
            return Ok(answer::TAKEN);
        }
        Ok(self.pool.take(env.raw(), handle).map_or(answer::STALE, |_| answer::DONE))
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
        // A copy is made anew with each hop, which is growth.
        if self.pool.copies.get() {
            return Ok(());
        }
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

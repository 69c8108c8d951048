//! The memory that a shard shares with its isolate.
//!
//! JavaScript allocates the typed arrays; a strong reference keeps each one alive for as long as its pointer is here,
//! because V8 would otherwise collect an array that only native code still uses. They are touched on the isolate's own
//! thread only, inside a call from JavaScript, so no two sides ever access them at once. Their elements are four or
//! eight bytes wide and V8 aligns them so; nothing wider is assumed (a record is `[u32; 8]`, aligned to four).

use core::{ffi::c_void, ptr::NonNull, slice};
use myrmidon_core::record::{Record, WORDS};
use napi::{Error, Result, Status, check_status, sys};

/// What a typed array holds.
pub trait Element: Copy {
    /// Node-API's number of its kind.
    const KIND: sys::napi_typedarray_type;
    /// Its JavaScript name.
    const NAME: &'static str;
}

impl Element for u32 {
    const KIND: sys::napi_typedarray_type = sys::TypedarrayType::uint32_array;
    const NAME: &'static str = "Uint32Array";
}

impl Element for i32 {
    const KIND: sys::napi_typedarray_type = sys::TypedarrayType::int32_array;
    const NAME: &'static str = "Int32Array";
}

impl Element for f64 {
    const KIND: sys::napi_typedarray_type = sys::TypedarrayType::float64_array;
    const NAME: &'static str = "Float64Array";
}

/// A typed array of the isolate, held.
pub struct Held<T> {
    env: sys::napi_env,
    reference: sys::napi_ref,
    data: NonNull<T>,
    length: usize,
}

impl<T: Element> Held<T> {
    /// Takes hold of `value`, which must be a `T` array of at least `least` elements.
    ///
    /// # Safety
    /// `env` and `value` are those of the running call.
    pub unsafe fn hold(env: sys::napi_env, value: sys::napi_value, least: usize, what: &str) -> Result<Self> {
        let wrong = || {
            let message = format!("{what} must be a {} of at least {least} elements", T::NAME);
            Error::new(Status::InvalidArg, message)
        };
        let (mut kind, mut length, mut data) = (0, 0, core::ptr::null_mut::<c_void>());
        // SAFETY: the pointers are to locals; `env` and `value` belong to the running call.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                env,
                value,
                &raw mut kind,
                &raw mut length,
                &raw mut data,
                core::ptr::null_mut(),
                core::ptr::null_mut(),
            )
        };
        if status != sys::Status::napi_ok || kind != T::KIND || length < least.max(1) {
            return Err(wrong());
        }
        let data = NonNull::new(data.cast::<T>()).ok_or_else(wrong)?;
        if !data.is_aligned() {
            return Err(wrong());
        }
        let mut reference = core::ptr::null_mut();
        // SAFETY: `value` is a live object of this call; one strong reference keeps its memory in place.
        check_status!(unsafe { sys::napi_create_reference(env, value, 1, &raw mut reference) })?;
        Ok(Self { env, reference, data, length })
    }

    /// The elements.
    pub fn get(&self) -> &[T] {
        // SAFETY: see the module: the array is alive, of this length, and nobody writes it while native code runs.
        unsafe { slice::from_raw_parts(self.data.as_ptr(), self.length) }
    }

    /// The elements, to write.
    pub fn get_mut(&mut self) -> &mut [T] {
        // SAFETY: as above; `&mut self` makes this the only view on this side.
        unsafe { slice::from_raw_parts_mut(self.data.as_ptr(), self.length) }
    }
}

impl Held<u32> {
    /// The words as records.
    pub fn records(&self) -> &[Record] {
        self.get().as_chunks::<WORDS>().0
    }

    /// The words as records, to write.
    pub fn records_mut(&mut self) -> &mut [Record] {
        self.get_mut().as_chunks_mut::<WORDS>().0
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        // SAFETY: dropped on the isolate's thread, in a call or in the environment's cleanup hook, both of which come
        // before the environment is gone. A failure leaves the array alive a little longer, which harms nobody.
        unsafe { sys::napi_delete_reference(self.env, self.reference) };
    }
}

/// All that a shard shares with its isolate.
pub struct Buffers {
    /// Records from the isolate.
    pub submissions: Held<u32>,
    /// Records to the isolate.
    pub completions: Held<u32>,
    /// `record::control`.
    pub control: Held<i32>,
    /// A bit per slab index.
    pub congested: Held<u32>,
    /// Pairs of low word and generation: PIDs that the isolate may open.
    pub reserve: Held<u32>,
    /// Arguments and results of the hot calls, see `hot`.
    pub call: Held<f64>,
    /// Bytes to and from other shards (`record`), for a shard of a system.
    pub arenas: Option<Arenas>,
}

/// Blocks of bytes.
pub struct Arenas {
    /// From the isolate.
    pub outgoing: Held<u32>,
    /// To the isolate.
    pub incoming: Held<u32>,
}

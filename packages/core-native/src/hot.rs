//! The calls of the hot path, exported by hand (`napi::sys`): a generated wrapper costs four times a raw call.
//!
//! They take no arguments: what they need stands in the shared block `call`, because each argument or result that
//! Node-API converts costs as much as half a call. JavaScript writes the first three
//! and the sixth, native code the rest.
//!
//! ```text
//! call[0] now, ms           call[3] written: records in the completion ring; or the answer of `admit` (`Cell::admit`)
//! call[1] submitted         call[4] result of the last DEMONITOR or CANCEL
//! call[2] max deliveries    call[5] words of the outgoing arena that the records use; set to 0 when they are read
//!                           call[6] words of the incoming arena that the batch fills
//!                           call[7] mailboxes that are marked in `congested`
//! ```
//!
//! `account` alone takes the words of a PID in call[0] and call[1]: it is called once for each actor that is swapped.
//! `look` answers whether something waits that the next tick would take in.
//!
//! A panic is caught here and thrown as a JavaScript error. The shard behind it is given up then: half-done work must
//! not be gone on with.

use crate::cell::Cell;
use core::{ffi::c_void, panic::AssertUnwindSafe, ptr};
use napi::{Env, Result, bindgen_prelude::Object, check_status, sys};
use std::{panic::catch_unwind, rc::Rc};

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

/// Sets `tick`, `admit`, `account` and `look` on `target`. The functions keep the shard's cell alive.
pub fn export(env: &Env, cell: &Rc<Cell>, target: &mut Object<'_>) -> Result<()> {
    let calls = [
        (c"tick", tick as Callback),
        (c"admit", admit as Callback),
        (c"account", account as Callback),
        (c"look", look as Callback),
    ];
    for (name, callback) in calls {
        let data = Rc::into_raw(Rc::clone(cell)).cast_mut().cast::<c_void>();
        let mut function = ptr::null_mut();
        // SAFETY: `env` is that of the running call; `data` is a counted reference that `release` gives back.
        let status = unsafe {
            sys::napi_create_function(
                env.raw(),
                name.as_ptr(),
                name.count_bytes().cast_signed(),
                Some(callback),
                data,
                &raw mut function,
            )
        };
        check_status!(status)?;
        // SAFETY: `function` was just made; the finalizer runs once, on this thread, when it is collected.
        check_status!(unsafe {
            sys::napi_add_finalizer(env.raw(), function, data, Some(release), ptr::null_mut(), ptr::null_mut())
        })?;
        // SAFETY: both values belong to the running call.
        check_status!(unsafe {
            sys::napi_set_named_property(env.raw(), napi::JsValue::raw(target), name.as_ptr(), function)
        })?;
    }
    Ok(())
}

type Callback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

unsafe extern "C" fn release(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `data` is the reference that `export` counted for this function.
    drop(unsafe { Rc::from_raw(data.cast::<Cell>()) });
}

unsafe extern "C" fn tick(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: called by Node-API with its own arguments.
    unsafe { enter(env, info, Cell::tick) }
}

unsafe extern "C" fn admit(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as above.
    unsafe { enter(env, info, Cell::admit) }
}

unsafe extern "C" fn account(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as above.
    unsafe { enter(env, info, Cell::account) }
}

unsafe extern "C" fn look(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as above.
    unsafe { enter(env, info, Cell::look) }
}

/// # Safety
/// `env` and `info` are those of the running call of a function that `export` made.
unsafe fn enter(env: sys::napi_env, info: sys::napi_callback_info, run: fn(&Cell) -> Result<()>) -> sys::napi_value {
    let mut data = ptr::null_mut();
    // SAFETY: the pointers that are not null are to a local.
    let status =
        unsafe { sys::napi_get_cb_info(env, info, ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), &raw mut data) };
    let outcome = if status == sys::Status::napi_ok && !data.is_null() {
        // SAFETY: `data` is a counted reference to a cell, alive as long as the function that runs.
        let cell = unsafe { &*data.cast::<Cell>() };
        // A shard that panicked is given up by `poison`, so nobody sees what the unwinding left half done.
        catch_unwind(AssertUnwindSafe(|| run(cell))).unwrap_or_else(|panic| Err(cell.poison(&*panic)))
    } else {
        Err(napi::Error::from_reason("the call has no shard"))
    };
    if let Err(error) = outcome {
        let message = std::ffi::CString::new(error.reason.replace('\0', " ")).unwrap_or_default();
        // SAFETY: the strings end in a zero byte and live over the call.
        unsafe { sys::napi_throw_error(env, c"ERR_MYRMIDON_SHARD".as_ptr(), message.as_ptr()) };
    }
    ptr::null_mut()
}

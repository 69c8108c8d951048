//! Functions that are exported by hand (`napi::sys`): a generated wrapper costs four to ten times as much a call.
//!
//! Each belongs to one Rust object, which it keeps alive. A panic is caught here and thrown as a JavaScript error.

use core::{
    any::Any,
    ffi::{CStr, c_void},
    panic::AssertUnwindSafe,
    ptr,
};
use napi::{Env, Error, Result, bindgen_prelude::Object, check_status, sys};
use std::{panic::catch_unwind, rc::Rc};

/// What such functions belong to.
pub trait Owner: 'static {
    /// The code of the errors that they throw.
    const CODE: &'static CStr;

    /// After a panic; the error to throw.
    fn poison(&self, panic: &(dyn Any + Send)) -> Error;
}

/// A panic in words.
pub fn words_of(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

/// What a call works with.
pub struct Call {
    pub env: sys::napi_env,
    /// The first argument, which each function knows whether it has; without one it is `undefined`.
    pub argument: sys::napi_value,
}

pub type Callback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

/// Sets functions of `owner` on `target`. Each is made of `enter` with that very type.
pub fn export<T: Owner>(
    env: &Env,
    owner: &Rc<T>,
    target: &mut Object<'_>,
    calls: &[(&'static CStr, Callback)],
) -> Result<()> {
    for (name, callback) in calls {
        let data = Rc::into_raw(Rc::clone(owner)).cast_mut().cast::<c_void>();
        let mut function = ptr::null_mut();
        // SAFETY: `env` is that of the running call; `data` is a counted reference that `release` gives back.
        let status = unsafe {
            sys::napi_create_function(
                env.raw(),
                name.as_ptr(),
                name.count_bytes().cast_signed(),
                Some(*callback),
                data,
                &raw mut function,
            )
        };
        check_status!(status)?;
        // SAFETY: `function` was just made; the finalizer runs once, on this thread, when it is collected.
        check_status!(unsafe {
            sys::napi_add_finalizer(env.raw(), function, data, Some(release::<T>), ptr::null_mut(), ptr::null_mut())
        })?;
        // SAFETY: both values belong to the running call.
        check_status!(unsafe {
            sys::napi_set_named_property(env.raw(), napi::JsValue::raw(target), name.as_ptr(), function)
        })?;
    }
    Ok(())
}

unsafe extern "C" fn release<T>(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `data` is the reference that `export` counted for this function.
    drop(unsafe { Rc::from_raw(data.cast::<T>()) });
}

/// Runs a call without arguments.
///
/// # Safety
/// `env` and `info` are those of the running call of a function that `export` made for a `T`.
pub unsafe fn enter<T: Owner>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    run: fn(&T) -> Result<()>,
) -> sys::napi_value {
    let mut data = ptr::null_mut();
    // SAFETY: the pointers that are not null are to a local.
    let status =
        unsafe { sys::napi_get_cb_info(env, info, ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), &raw mut data) };
    // SAFETY: as the caller says.
    unsafe { guarded::<T>(env, status, data, run) }
}

/// Runs a call with one argument.
///
/// # Safety
/// As for `enter`.
pub unsafe fn enter_with<T: Owner>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    run: fn(&T, &Call) -> Result<()>,
) -> sys::napi_value {
    let (mut data, mut argument, mut count) = (ptr::null_mut(), ptr::null_mut(), 1);
    // SAFETY: the pointers that are not null are to locals, and one value has room.
    let status =
        unsafe { sys::napi_get_cb_info(env, info, &raw mut count, &raw mut argument, ptr::null_mut(), &raw mut data) };
    let call = Call { env, argument };
    // SAFETY: as the caller says.
    unsafe { guarded::<T>(env, status, data, |owner| run(owner, &call)) }
}

/// # Safety
/// `data` is null, or a counted reference to a `T`, alive as long as the function that runs.
unsafe fn guarded<T: Owner>(
    env: sys::napi_env,
    status: sys::napi_status,
    data: *mut c_void,
    run: impl FnOnce(&T) -> Result<()>,
) -> sys::napi_value {
    let outcome = if status == sys::Status::napi_ok && !data.is_null() {
        // SAFETY: as the caller says.
        let owner = unsafe { &*data.cast::<T>() };
        // What the unwinding left half done is `poison`'s business.
        catch_unwind(AssertUnwindSafe(|| run(owner))).unwrap_or_else(|panic| Err(owner.poison(&*panic)))
    } else {
        Err(Error::from_reason("the call has no owner"))
    };
    if let Err(error) = outcome {
        let message = std::ffi::CString::new(error.reason.replace('\0', " ")).unwrap_or_default();
        // SAFETY: the strings end in a zero byte and live over the call.
        unsafe { sys::napi_throw_error(env, T::CODE.as_ptr(), message.as_ptr()) };
    }
    ptr::null_mut()
}

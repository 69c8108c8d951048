//! An event of the isolate's event loop: what a thread-safe function of Node-API is made of, without its queue and lock.
//!
//! Node-API gives the loop; the functions of libuv are those of the process, looked up by name, since an addon that
//! needed them could not be loaded where there are none.
//!
//! Life: made and closed on the isolate's thread, rung from any under the lock of the bell, which is emptied before it is
//! closed. The loop owns the memory until it says that the handle is closed, and the environment waits for that: its
//! hook is told then, and not before. An environment that ends with a bell that nobody has silenced silences it.

use core::{
    ffi::{CStr, c_int, c_void},
    mem, ptr,
};
use napi::{
    Env, JsValue, Result,
    bindgen_prelude::Function,
    check_status,
    sys::{self, Status},
};
use std::sync::OnceLock;

type Handle = *mut c_void;

/// What is needed of libuv (`uv.h`).
#[derive(Clone, Copy)]
struct Uv {
    async_init: AsyncInit,
    async_send: AsyncSend,
    close: Close,
    unref: Told,
    handle_size: HandleSize,
    set_data: SetData,
    get_data: GetData,
}

type Told = unsafe extern "C" fn(Handle);
type AsyncInit = unsafe extern "C" fn(*mut sys::uv_loop_s, Handle, Told) -> c_int;
type AsyncSend = unsafe extern "C" fn(Handle) -> c_int;
type Close = unsafe extern "C" fn(Handle, Told);
type HandleSize = unsafe extern "C" fn(c_int) -> usize;
type SetData = unsafe extern "C" fn(Handle, *mut c_void);
type GetData = unsafe extern "C" fn(Handle) -> *mut c_void;

/// `UV_ASYNC`.
const ASYNC: c_int = 1;

impl Uv {
    fn find() -> Option<Self> {
        fn symbol(name: &CStr) -> Option<*mut c_void> {
            // SAFETY: a look at the symbols of the process.
            let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
            (!found.is_null()).then_some(found)
        }
        // SAFETY: these are functions of libuv's stable interface, with the types that it has there.
        unsafe {
            Some(Self {
                async_init: mem::transmute::<*mut c_void, AsyncInit>(symbol(c"uv_async_init")?),
                async_send: mem::transmute::<*mut c_void, AsyncSend>(symbol(c"uv_async_send")?),
                close: mem::transmute::<*mut c_void, Close>(symbol(c"uv_close")?),
                unref: mem::transmute::<*mut c_void, Told>(symbol(c"uv_unref")?),
                handle_size: mem::transmute::<*mut c_void, HandleSize>(symbol(c"uv_handle_size")?),
                set_data: mem::transmute::<*mut c_void, SetData>(symbol(c"uv_handle_set_data")?),
                get_data: mem::transmute::<*mut c_void, GetData>(symbol(c"uv_handle_get_data")?),
            })
        }
    }

    fn get() -> Option<Self> {
        static FOUND: OnceLock<Option<Uv>> = OnceLock::new();
        *FOUND.get_or_init(Self::find)
    }
}

/// What the loop owns.
struct Owned {
    env: sys::napi_env,
    wake: sys::napi_ref,
    hook: sys::napi_async_cleanup_hook_handle,
    silence: Box<dyn Fn()>,
    /// The handle's.
    memory: *mut [u128],
}

/// See the module.
pub struct Event {
    uv: Uv,
    handle: Handle,
}

// SAFETY: whoever rings from another thread calls `uv_async_send`, which may be called from any; the bell's lock keeps the
// handle open meanwhile. All else is done on the isolate's thread.
unsafe impl Send for Event {}

impl Event {
    /// An event that calls `wake`. `silence` is to close it, and is called should the environment end before. `None`: there
    /// is no event loop that is known.
    pub fn new(env: &Env, wake: &Function<'_, (), ()>, silence: Box<dyn Fn()>) -> Result<Option<Self>> {
        let Some(uv) = Uv::get() else { return Ok(None) };
        let env = env.raw();
        let mut event_loop = ptr::null_mut();
        // SAFETY: the environment of the running call; the pointer is to a local.
        if unsafe { sys::napi_get_uv_event_loop(env, &raw mut event_loop) } != Status::napi_ok {
            return Ok(None);
        }
        // SAFETY: it only looks up a size.
        let size = unsafe { (uv.handle_size)(ASYNC) };
        let mut reference = ptr::null_mut();
        // SAFETY: a value of the running call.
        check_status!(unsafe { sys::napi_create_reference(env, wake.raw(), 1, &raw mut reference) })?;
        let memory = Box::into_raw(vec![0_u128; size.div_ceil(size_of::<u128>())].into_boxed_slice());
        let handle: Handle = memory.cast();
        // SAFETY: the memory is of the handle's size, and lives until that is closed, or is not opened.
        if unsafe { (uv.async_init)(event_loop, handle, woken) } != 0 {
            // SAFETY: both were made a moment ago, and nobody else has them.
            unsafe {
                sys::napi_delete_reference(env, reference);
                drop(Box::from_raw(memory));
            }
            return Ok(None);
        }
        let owned = Owned { env, wake: reference, hook: ptr::null_mut(), silence, memory };
        let owned = Box::into_raw(Box::new(owned));
        // SAFETY: `owned` is what the handle's data says from here on, and is freed by `closed` alone. A hook that cannot be
        // had is the end of an environment, or of memory: then nobody waits for the handle, as for any other of Node.js.
        unsafe {
            (uv.set_data)(handle, owned.cast());
            (uv.unref)(handle);
            sys::napi_add_async_cleanup_hook(env, Some(ended), owned.cast(), &raw mut (*owned).hook);
        }
        Ok(Some(Self { uv, handle }))
    }

    /// Any thread, under the bell's lock.
    pub fn ring(&self) {
        // SAFETY: the handle is open: see `Send`.
        unsafe { (self.uv.async_send)(self.handle) };
    }

    /// Isolate's thread.
    pub fn close(self) {
        // SAFETY: the data of an open handle, on its own thread; an event is closed once, because that consumes it.
        unsafe {
            let owned = (self.uv.get_data)(self.handle).cast::<Owned>();
            sys::napi_delete_reference((*owned).env, (*owned).wake);
            (self.uv.close)(self.handle, closed);
        }
    }
}

unsafe extern "C" fn closed(handle: Handle) {
    let Some(uv) = Uv::get() else { return };
    // SAFETY: the loop calls this once, on the isolate's thread, and has no use for the handle any more.
    let owned = unsafe { Box::from_raw((uv.get_data)(handle).cast::<Owned>()) };
    // SAFETY: as above; it is what `new` made.
    drop(unsafe { Box::from_raw(owned.memory) });
    if !owned.hook.is_null() {
        // SAFETY: it was added for this handle, and is removed once: the environment need not wait any longer.
        unsafe { sys::napi_remove_async_cleanup_hook(owned.hook) };
    }
}

// The environment ends. One that is closed already has nothing to be told: `closed` is to come.
unsafe extern "C" fn ended(_hook: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    // SAFETY: the hook is removed before `data` is freed.
    unsafe { ((*data.cast::<Owned>()).silence)() };
}

unsafe extern "C" fn woken(handle: Handle) {
    let Some(uv) = Uv::get() else { return };
    // SAFETY: on the isolate's thread, with an open handle, whose data is alive; values are those of the scope.
    unsafe {
        let owned = (uv.get_data)(handle).cast::<Owned>();
        let (env, wake) = ((*owned).env, (*owned).wake);
        let mut scope = ptr::null_mut();
        if sys::napi_open_handle_scope(env, &raw mut scope) != Status::napi_ok {
            return;
        }
        call(env, wake);
        sys::napi_close_handle_scope(env, scope);
    }
}

/// # Safety
/// On the isolate's thread, within a scope; `wake` is a reference of `env`.
unsafe fn call(env: sys::napi_env, wake: sys::napi_ref) {
    let (mut global, mut function, mut result) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: the pointers are to locals. An environment that runs no JavaScript any more refuses, and nothing is lost.
    unsafe {
        sys::napi_get_global(env, &raw mut global);
        sys::napi_get_reference_value(env, wake, &raw mut function);
        let status = sys::napi_make_callback(env, ptr::null_mut(), global, function, 0, ptr::null(), &raw mut result);
        if status == Status::napi_pending_exception {
            let mut error = ptr::null_mut();
            if sys::napi_get_and_clear_last_exception(env, &raw mut error) == Status::napi_ok {
                sys::napi_fatal_exception(env, error);
            }
        }
    }
}

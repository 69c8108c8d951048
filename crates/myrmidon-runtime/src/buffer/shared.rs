//! A block that is held, as Rust has it: bytes to read and write, in place.

use super::{Account, Blocks, Handle, Refusal, View};
use core::{
    fmt, mem,
    ops::{Deref, DerefMut},
    slice,
};
use std::sync::Arc;

/// A buffer that this value holds, and nobody else. Dropping it frees the block; [`SharedBuffer::depart`] gives it away.
///
/// ```
/// use myrmidon_runtime::{Account, buffer::SharedBuffer};
/// let account = Account::new(1024);
/// let mut buffer = SharedBuffer::allocate(&account, 8).unwrap();
/// buffer[0] = 7;
/// // On its way to another shard, isolate or language: no copy.
/// let arrived = SharedBuffer::arrive(buffer.depart().unwrap()).unwrap();
/// assert_eq!(arrived[..2], [7, 0]);
/// drop(arrived);
/// assert_eq!(account.bytes(), 0);
/// ```
pub struct SharedBuffer {
    handle: Handle,
    view: View,
}

// SAFETY: the pointer is to a block that this value alone holds (G136), and moves with it.
unsafe impl Send for SharedBuffer {}
// SAFETY: through a shared reference the bytes are read alone.
unsafe impl Sync for SharedBuffer {}

impl fmt::Debug for SharedBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedBuffer").field("len", &self.view.len).finish_non_exhaustive()
    }
}

impl SharedBuffer {
    /// A buffer of zeros.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn allocate(account: &Arc<Account>, bytes: usize) -> Result<Self, Refusal> {
        let handle = Blocks::global().allocate(account, bytes)?;
        Self::held(handle).ok_or(Refusal::Memory)
    }

    /// Takes a block that is in flight. `None`: there is none such.
    pub fn arrive(handle: Handle) -> Option<Self> {
        Blocks::global().arrive(handle).ok()?;
        Self::held(handle)
    }

    fn held(handle: Handle) -> Option<Self> {
        Blocks::global().view(handle).ok().map(|view| Self { handle, view })
    }

    /// Gives the block away: it is in flight, and belongs to whoever gets the handle. `None`: the block is gone, which
    /// only somebody can bring about who made its handle up.
    pub fn depart(self) -> Option<Handle> {
        let handle = self.handle;
        mem::forget(self);
        Blocks::global().depart(handle).ok().map(|()| handle)
    }
}

impl Deref for SharedBuffer {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // SAFETY: the block is held by this value, so it lives, has that length, and nobody writes it (G136, G137).
        unsafe { slice::from_raw_parts(self.view.data, self.view.len) }
    }
}

impl DerefMut for SharedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and `&mut self` makes this the only reference.
        unsafe { slice::from_raw_parts_mut(self.view.data, self.view.len) }
    }
}

impl Drop for SharedBuffer {
    fn drop(&mut self) {
        // One that is stale was released by somebody who made its handle up.
        let _ = Blocks::global().release(self.handle);
    }
}

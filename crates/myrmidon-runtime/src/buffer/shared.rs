//! A block that is held, as Rust has it: bytes to read and write, in place.

use super::{Account, Blocks, Flight, Handle, Refusal, block::View};
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
/// let flight = buffer.depart();
/// let arrived = SharedBuffer::arrive(flight.handle()).unwrap();
/// assert_eq!(arrived[..2], [7, 0]);
/// drop(arrived);
/// assert_eq!(account.bytes(), 0);
/// ```
///
/// Nothing frees a block that somebody holds but its holder (G202): the table of blocks is out of reach.
///
/// ```compile_fail,E0432
/// use myrmidon_runtime::{Blocks, buffer::Handle};
/// Blocks::global().release(Handle::from_u64(1).unwrap());
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

    /// Gives the block away: it is in flight, and belongs to whoever takes it by its handle.
    pub fn depart(self) -> Flight {
        let (handle, lease) = (self.handle, self.view.lease);
        mem::forget(self);
        // It is held under that lease until here: nobody else has one (G202).
        let _ = Blocks::global().depart(handle, lease);
        Flight::new(handle, lease)
    }

    /// Its name, for as long as it lives.
    pub fn handle(&self) -> Handle {
        self.handle
    }

    /// Which stay of the block this is: of two of the same block, the later one has another number.
    pub fn stay(&self) -> u64 {
        self.view.lease
    }

    /// How many bytes it has. As its slice says, without making one.
    pub fn len(&self) -> usize {
        self.view.len
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.view.len == 0
    }

    /// Where its bytes are, for whoever shares them with another language: for as long as this value lives, and while
    /// nobody has a reference to them. Not null, also where there are none.
    pub fn as_raw(&self) -> *mut u8 {
        self.view.data
    }
}

impl Deref for SharedBuffer {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // SAFETY: the block is held by this value, so it lives, has that length, and nobody writes it (G136, G137): to free
        // it or to give it away takes the lease of this stay, which is nowhere else (G202).
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
        // It is held under that lease until here, as above.
        let _ = Blocks::global().release(self.handle, self.view.lease);
    }
}

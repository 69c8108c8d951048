//! A message on its way into a handler, and the end of a call.

use crate::AskError;
use core::any::Any;

/// A message whose type only its receiver knows.
pub(crate) type Parcel = Box<dyn Any + Send>;

/// What a handler is about to get.
pub(crate) enum Letter {
    /// It waits in the shard's store for its kind.
    Slot(u32),
    /// It came as a value.
    Parcel(Parcel),
    /// It is made where it is handled: an answer that becomes a message.
    Made(Box<dyn FnOnce() -> Parcel + Send>),
}

/// How a call ended.
pub(crate) type Outcome = Result<Parcel, AskError>;

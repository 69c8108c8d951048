//! Timers of actors: the message waits beside the shard, which knows a number.

use core::any::Any;

/// One timer of one actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerRef(pub(crate) u32);

/// What a timer stands for.
pub(crate) enum Ticking {
    /// One message.
    Once(Box<dyn Any + Send>),
    /// One message a beat.
    Every(Box<dyn FnMut() -> Box<dyn Any + Send> + Send>),
}

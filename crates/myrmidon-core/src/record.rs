//! The records that cross the membrane: eight 32-bit words, written and read in place by both sides.
//!
//! This file is the only source of the layout: `cargo run -p myrmidon-codegen` writes its constants into the
//! TypeScript packages, and a test fails when what is checked in differs. [`ABI_VERSION`] grows with every change.
//!
//! Who owns what: a payload slot belongs to the isolate that filled it. Every slot that enters the core in a record
//! leaves it exactly once: in a delivery that the isolate consumed, or in a [`completion::DEAD_LETTER`].

/// Grows with every change of this file; checked when the addon is loaded.
pub const ABI_VERSION: u32 = 2;
/// Words of a record.
pub const WORDS: usize = 8;

/// One record.
pub type Record = [u32; WORDS];

/// Positions of the words in a record.
pub mod word {
    /// Receiver: shard and index.
    pub const TO: usize = 0;
    /// Receiver: generation.
    pub const TO_GENERATION: usize = 1;
    /// Sender: shard and index; 0 is nobody.
    pub const FROM: usize = 2;
    /// Sender: generation.
    pub const FROM_GENERATION: usize = 3;
    /// `kind | flags << 8 | op << 16`; `op` is the interned tag of the message.
    pub const HEAD: usize = 4;
    /// The payload's slot, 0 for no payload; or a monitor, timer or waiter reference, where the kind says so.
    pub const SLOT: usize = 5;
    /// First argument.
    pub const A: usize = 6;
    /// Second argument. With `flag::INLINE`, A and B are the halves of the payload, an `f64`, low word first.
    pub const B: usize = 7;
}

/// Flags of a message.
pub mod flag {
    /// It travels in the receiver's priority lane.
    pub const PRIORITY: u32 = 1;
    /// It is a call: A is the call's token in the caller's isolate, B its timeout in ms, `u32::MAX` for none.
    pub const CALL: u32 = 2;
    /// The payload is a number that stands in A and B.
    pub const INLINE: u32 = 4;
    /// From the actor to itself, ahead of everything that is queued (`self.next`).
    pub const NEXT: u32 = 8;
    /// It may enter while a handler of its receiver waits.
    pub const REENTRANT: u32 = 16;
    /// In a dead letter the upper four flag bits are the reason, see `why`.
    pub const WHY_SHIFT: u32 = 4;
}

/// What an isolate submits.
pub mod submission {
    /// A message to `TO`. Flags: all of `flag`.
    pub const SEND: u32 = 1;
    /// Opens the reserved PID `TO`. Flags: `spawn`. `FROM`: parent to link, or watcher (nobody: an outside watch).
    /// SLOT: monitor reference. A: capacity, 0 for the shard's default. B: `policy | send_timeout_ms << 8`.
    pub const SPAWN: u32 = 2;
    /// `init` is done: delivery may begin.
    pub const STARTED: u32 = 3;
    /// `init` failed: the actor never was. Links and monitors made with it vanish without a signal.
    pub const ABANDON: u32 = 4;
    /// The actor ends itself with the reason word A: it stopped, or its handler crashed.
    pub const EXIT_SELF: u32 = 5;
    /// The cleanup that `completion::TERMINATE` asked for is over.
    pub const FINISHED: u32 = 6;
    /// Ends `TO` with the reason word A, in order behind what is in its normal lane. Never refused.
    pub const STOP: u32 = 7;
    /// An exit signal from `FROM` to `TO` with the reason word A; `Killed` cannot be trapped.
    pub const EXIT: u32 = 8;
    /// Links `TO` and `FROM`.
    pub const LINK: u32 = 9;
    /// Removes the link of `TO` and `FROM`; no exit signal of it is delivered afterwards.
    pub const UNLINK: u32 = 10;
    /// `FROM` (nobody: an outside watch) watches `TO` under the reference SLOT, which the isolate made up.
    pub const MONITOR: u32 = 11;
    /// `FROM` ends its watch SLOT. Result: 1 if no DOWN of it was or will be delivered, else 0.
    pub const DEMONITOR: u32 = 12;
    /// The isolate has answered the call with token A.
    pub const ANSWERED: u32 = 13;
    /// A handler of `TO` waits: deliver only what may re-enter. Counted.
    pub const BUSY: u32 = 14;
    /// A waiting handler of `TO` has ended. A: microseconds to charge.
    pub const READY: u32 = 15;
    /// Starts the timer SLOT of `TO`. A and B: delay in ms, an `f64`. `FROM`: 1 when it repeats.
    /// The message that it stands for stays in the isolate. Flag: PRIORITY.
    pub const TIMER: u32 = 16;
    /// Cancels the timer SLOT of `TO`; no message of it is delivered afterwards. Result: ms left, 0 when its message
    /// was queued, -1 when it has been delivered or never was.
    pub const CANCEL: u32 = 17;
    /// Sets the flags of `TO` to B: `spawn::TRAP_EXIT`, `spawn::CLEANUP`.
    pub const FLAGS: u32 = 18;
    /// Stops delivery to `TO`; control goes on. Idempotent.
    pub const SUSPEND: u32 = 19;
    /// Ends that. Idempotent.
    pub const RESUME: u32 = 20;
    /// Gives the reserved PID `TO` back, unused.
    pub const RELEASE: u32 = 21;
    /// Asks for `completion::ROOM` with SLOT once the mailbox of `TO` is below its low-water mark.
    pub const AWAIT_ROOM: u32 = 22;
    /// Charges `TO` with A microseconds that a fiber of it took.
    pub const CHARGE: u32 = 23;
}

/// Flags of a spawn, and of `submission::FLAGS`.
pub mod spawn {
    /// Deliver nothing before `submission::STARTED`.
    pub const STARTING: u32 = 1;
    /// Exit signals of links arrive as messages.
    pub const TRAP_EXIT: u32 = 2;
    /// The isolate has work to do when it ends: `completion::TERMINATE` comes first, unless it is killed.
    pub const CLEANUP: u32 = 4;
    /// Linked to `FROM` from its first moment.
    pub const LINK: u32 = 8;
    /// Watched by `FROM` from its first moment.
    pub const MONITOR: u32 = 16;
}

/// What a full mailbox does.
pub mod policy {
    /// The sender gets `MailboxFull`.
    pub const REJECT: u32 = 0;
    /// The new message goes to the dead letters.
    pub const DROP_NEWEST: u32 = 1;
    /// The oldest message of the normal lane goes to the dead letters.
    pub const DROP_OLDEST: u32 = 2;
    /// The sender's next slice waits.
    pub const SUSPEND: u32 = 3;
}

/// What an isolate gets.
pub mod completion {
    /// A deliveries for `TO` follow. The isolate writes how many it has consumed into B, before it runs each handler,
    /// and the microseconds that the slice took, where it measured them, into `FROM`.
    pub const SLICE: u32 = 64;
    /// A message in a slice: `FROM`, op, SLOT, and with `flag::CALL` the token in A.
    pub const MESSAGE: u32 = 65;
    /// The timer SLOT has fired, in a slice.
    pub const TIMER: u32 = 66;
    /// A trapped exit signal from `FROM` with the reason word A, in a slice.
    pub const EXIT_SIGNAL: u32 = 67;
    /// The end of the watch SLOT of `FROM` with the reason word A, in a slice.
    pub const DOWN: u32 = 68;
    /// `TO` is to end with the reason word A: run its cleanup, then submit FINISHED. Nothing more is delivered to it.
    pub const TERMINATE: u32 = 80;
    /// `TO` has ended with the reason word A: its name is free, its signals are out. Forget its state.
    pub const DEAD: u32 = 81;
    /// The end of the outside watch SLOT of `FROM` with the reason word A.
    pub const OUTSIDE_DOWN: u32 = 82;
    /// The call with token A ended without an answer. B: `call_end`. SLOT: the reason word, for EXITED.
    pub const CALL_ENDED: u32 = 83;
    /// A message that was not delivered: all its words, and the reason in the upper four flag bits.
    pub const DEAD_LETTER: u32 = 84;
    /// There is room in the mailbox that the waiter SLOT asked about, or its owner has ended.
    pub const ROOM: u32 = 85;
}

/// How a call ended without an answer.
pub mod call_end {
    /// The callee has ended, or was not there.
    pub const EXITED: u32 = 1;
    /// Time ran out.
    pub const TIMEOUT: u32 = 2;
    /// The callee's mailbox was full, or dropped it.
    pub const MAILBOX_FULL: u32 = 3;
    /// An actor asked itself. A binding refuses that before it submits.
    pub const SELF: u32 = 4;
}

/// Why a letter is dead.
pub mod why {
    /// Nobody is there.
    pub const NOT_ALIVE: u32 = 1;
    /// The mailbox was full.
    pub const MAILBOX_FULL: u32 = 2;
    /// A policy dropped it.
    pub const DROPPED: u32 = 3;
    /// The connection to the node is gone.
    pub const NODE_UNREACHABLE: u32 = 4;
    /// It crashed a canary, or came after one.
    pub const SWAP_ROLLED_BACK: u32 = 5;
    /// It was queued when its receiver ended.
    pub const STOPPED: u32 = 6;
    /// It was in a handler when its isolate died.
    pub const INTERRUPTED: u32 = 7;
}

/// Words of the control block that a shard shares with its isolate.
pub mod control {
    /// Not 0: leave the batch after the handler that runs, and tick; what is left of it may no longer hold.
    pub const ABANDON_BATCH: usize = 0;
    /// 1: there is more to do, tick again; 0: nothing is runnable.
    pub const RUNNABLE: usize = 1;
    /// ms until the next timer or call timeout, rounded up; -1 for none.
    pub const NEXT_DEADLINE: usize = 2;
    /// Live actors.
    pub const LIVE: usize = 3;
    /// Messages in mailboxes.
    pub const QUEUED: usize = 4;
    /// Pending calls.
    pub const CALLS: usize = 5;
    /// Words of the block.
    pub const WORDS: usize = 16;
}

//! The records that cross the membrane: eight 32-bit words, written and read in place by both sides.
//!
//! This file is the only source of the layout: `cargo run -p myrmidon-codegen` writes its constants into the
//! TypeScript packages, and a test fails when what is checked in differs. [`ABI_VERSION`] grows with every change.
//!
//! Who owns what: a payload slot belongs to the isolate that filled it. Every slot that enters the core in a record
//! leaves it exactly once: in a delivery that the isolate consumed, or in a [`completion::DEAD_LETTER`].

use crate::constants::constants;

/// Grows with every change of this file; checked when the addon is loaded.
pub const ABI_VERSION: u32 = 3;
/// Words of a record.
pub const WORDS: usize = 8;

/// One record.
pub type Record = [u32; WORDS];

constants! {
    /// Positions of the words in a record.
    pub mod word: usize {
        /// Receiver: shard and index.
        TO = 0;
        /// Receiver: generation.
        TO_GENERATION = 1;
        /// Sender: shard and index; 0 is nobody.
        FROM = 2;
        /// Sender: generation.
        FROM_GENERATION = 3;
        /// `kind | flags << 8 | op << 16`; `op` is the interned tag of the message.
        HEAD = 4;
        /// The payload's slot, 0 for no payload; or a monitor, timer or waiter reference, where the kind says so.
        SLOT = 5;
        /// First argument.
        A = 6;
        /// Second argument. With `flag::INLINE`, A and B are the halves of the payload, an `f64`, low word first.
        B = 7;
    }
}

constants! {
    /// Flags of a message.
    pub mod flag: u32 {
        /// It travels in the receiver's priority lane.
        PRIORITY = 1;
        /// It is a call: A is the call's token in the caller's isolate, B its timeout in ms, `u32::MAX` for none.
        CALL = 2;
        /// The payload is a number that stands in A and B.
        INLINE = 4;
        /// From the actor to itself, ahead of everything that is queued (`self.next`).
        NEXT = 8;
        /// It may enter while a handler of its receiver waits.
        REENTRANT = 16;
        /// In a dead letter the upper four flag bits are the reason, see `why`.
        WHY_SHIFT = 4;
    }
}

constants! {
    /// What an isolate submits.
    pub mod submission: u32 {
        /// A message to `TO`. Flags: all of `flag`.
        SEND = 1;
        /// Opens the reserved PID `TO`. Flags: `spawn`. `FROM`: parent to link, or watcher (nobody: an outside watch).
        /// SLOT: monitor reference. A: capacity, 0 for the shard's default. B: `policy | send_timeout_ms << 8`.
        /// Op: messages of a slice, 0 for as many as there may be.
        SPAWN = 2;
        /// `init` is done: delivery may begin.
        STARTED = 3;
        /// `init` failed: the actor never was. Links and monitors made with it vanish without a signal.
        ABANDON = 4;
        /// The actor ends itself with the reason word A: it stopped, or its handler crashed.
        EXIT_SELF = 5;
        /// The cleanup that `completion::TERMINATE` asked for is over.
        FINISHED = 6;
        /// Ends `TO` with the reason word A, in order behind what is in its normal lane. Never refused.
        STOP = 7;
        /// An exit signal from `FROM` to `TO` with the reason word A; `Killed` cannot be trapped.
        EXIT = 8;
        /// Links `TO` and `FROM`.
        LINK = 9;
        /// Removes the link of `TO` and `FROM`; no exit signal of it is delivered afterwards.
        UNLINK = 10;
        /// `FROM` (nobody: an outside watch) watches `TO` under the reference SLOT, which the isolate made up.
        MONITOR = 11;
        /// `FROM` ends its watch SLOT. Result: 1 if no DOWN of it was or will be delivered, else 0.
        DEMONITOR = 12;
        /// The isolate has answered the call with token A.
        ANSWERED = 13;
        /// A handler of `TO` waits: deliver only what may re-enter. Counted.
        BUSY = 14;
        /// A waiting handler of `TO` has ended. A: microseconds to charge.
        READY = 15;
        /// Starts the timer SLOT of `TO`. A and B: delay in ms, an `f64`. `FROM`: 1 when it repeats.
        /// The message that it stands for stays in the isolate. Flag: PRIORITY.
        TIMER = 16;
        /// Cancels the timer SLOT of `TO`; no message of it is delivered afterwards. Result: ms left, 0 when its message
        /// was queued, -1 when it has been delivered or never was.
        CANCEL = 17;
        /// Sets the flags of `TO` to B: `spawn::TRAP_EXIT`, `spawn::CLEANUP`.
        FLAGS = 18;
        /// Stops delivery to `TO`; control goes on. Idempotent.
        SUSPEND = 19;
        /// Ends that. Idempotent.
        RESUME = 20;
        /// Gives the reserved PID `TO` back, unused.
        RELEASE = 21;
        /// Asks for `completion::ROOM` with SLOT once the mailbox of `TO` is below its low-water mark.
        AWAIT_ROOM = 22;
        /// Charges `TO` with A microseconds that a fiber of it took.
        CHARGE = 23;
    }
}

constants! {
    /// Flags of a spawn, and of `submission::FLAGS`.
    pub mod spawn: u32 {
        /// Deliver nothing before `submission::STARTED`.
        STARTING = 1;
        /// Exit signals of links arrive as messages.
        TRAP_EXIT = 2;
        /// The isolate has work to do when it ends: `completion::TERMINATE` comes first, unless it is killed.
        CLEANUP = 4;
        /// Linked to `FROM` from its first moment.
        LINK = 8;
        /// Watched by `FROM` from its first moment.
        MONITOR = 16;
    }
}

constants! {
    /// What a full mailbox does.
    pub mod policy: u32 {
        /// The sender gets `MailboxFull`.
        REJECT = 0;
        /// The new message goes to the dead letters.
        DROP_NEWEST = 1;
        /// The oldest message of the normal lane goes to the dead letters.
        DROP_OLDEST = 2;
        /// The sender's next slice waits.
        SUSPEND = 3;
    }
}

constants! {
    /// What an isolate gets.
    pub mod completion: u32 {
        /// A deliveries for `TO` follow. The isolate writes how many it has consumed into B, before it runs each handler,
        /// and the microseconds that the slice took, where it measured them, into `FROM`.
        SLICE = 64;
        /// A message in a slice: `FROM`, op, SLOT, and with `flag::CALL` the token in A.
        MESSAGE = 65;
        /// The timer SLOT has fired, in a slice.
        TIMER = 66;
        /// A trapped exit signal from `FROM` with the reason word A, in a slice.
        EXIT_SIGNAL = 67;
        /// The end of the watch SLOT of `FROM` with the reason word A, in a slice.
        DOWN = 68;
        /// `TO` is to end with the reason word A: run its cleanup, then submit FINISHED. Nothing more is delivered to it.
        TERMINATE = 80;
        /// `TO` has ended with the reason word A: its name is free, its signals are out. Forget its state.
        /// Its account, each a `u64` with the low word first: messages handled in `FROM`, microseconds in SLOT and B.
        DEAD = 81;
        /// The end of the outside watch SLOT of `FROM` with the reason word A.
        OUTSIDE_DOWN = 82;
        /// The call with token A ended without an answer. B: `call_end`. SLOT: the reason word, for EXITED.
        CALL_ENDED = 83;
        /// A message that was not delivered: all its words, and the reason in the upper four flag bits.
        DEAD_LETTER = 84;
        /// There is room in the mailbox that the waiter SLOT asked about, or its owner has ended.
        ROOM = 85;
    }
}

constants! {
    /// How a call ended without an answer.
    pub mod call_end: u32 {
        /// The callee has ended, or was not there.
        EXITED = 1;
        /// Time ran out.
        TIMEOUT = 2;
        /// The callee's mailbox was full, or dropped it.
        MAILBOX_FULL = 3;
        /// An actor asked itself. A binding refuses that before it submits.
        SELF = 4;
    }
}

constants! {
    /// Why a letter is dead.
    pub mod why: u32 {
        /// Nobody is there.
        NOT_ALIVE = 1;
        /// The mailbox was full.
        MAILBOX_FULL = 2;
        /// A policy dropped it.
        DROPPED = 3;
        /// The connection to the node is gone.
        NODE_UNREACHABLE = 4;
        /// It crashed a canary, or came after one.
        SWAP_ROLLED_BACK = 5;
        /// It was queued when its receiver ended.
        STOPPED = 6;
        /// It was in a handler when its isolate died.
        INTERRUPTED = 7;
    }
}

constants! {
    /// Words of the control block that a shard shares with its isolate.
    pub mod control: usize {
        /// Not 0: leave the batch after the handler that runs, and tick; what is left of it may no longer hold.
        ABANDON_BATCH = 0;
        /// 1: there is more to do, tick again; 0: nothing is runnable.
        RUNNABLE = 1;
        /// ms until the next timer or call timeout, rounded up; -1 for none.
        NEXT_DEADLINE = 2;
        /// Live actors.
        LIVE = 3;
        /// Messages in mailboxes.
        QUEUED = 4;
        /// Pending calls.
        CALLS = 5;
        /// Words of the block.
        WORDS = 16;
    }
}

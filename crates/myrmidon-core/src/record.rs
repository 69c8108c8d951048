//! The records that cross the membrane: eight 32-bit words, written and read in place by both sides.
//!
//! This file is the only source of the layout: `cargo run -p myrmidon-codegen` writes its constants into the
//! TypeScript packages, and a test fails when what is checked in differs. [`ABI_VERSION`] grows with every change.
//!
//! Who owns what: a payload slot belongs to the isolate that filled it. Every slot that enters the core in a record
//! leaves it exactly once: in a delivery that the isolate consumed, or in a [`completion::DEAD_LETTER`].
//!
//! Between shards a payload is a number (`flag::INLINE`), nothing (SLOT 0), or bytes (`flag::BYTES`): then SLOT names a
//! *block*. Below [`BLOCK`] it is a position in the arena of its direction, counted in words of 4 bytes: the first word
//! is the length in bytes, the bytes follow. The outgoing arena is read while the records are ingested, and may be
//! written anew afterwards; the incoming one is filled with the batch, and holds until the next tick that delivers.
//! From [`BLOCK`] on, SLOT less [`BLOCK`] is a handle: an outgoing one was made by `put_block`, and the record takes it
//! over; an incoming one is read by `block`, as long as its arena would hold. An incoming block is copied into the arena
//! if it has at most [`COPIED`] bytes and there is room, else it comes by handle.
//!
//! A record is submitted where its `FROM` lives (nobody: anywhere). `TO` may live on another shard of the system in SEND,
//! STOP, EXIT, LINK, UNLINK, MONITOR and `AWAIT_ROOM`, and so may the parent or watcher `FROM` of a SPAWN; all other
//! records are about the shard's own actors.
//!
//! A call from another shard is delivered with `flag::CALL | flag::REMOTE`; A is a token of *this* shard, good for one
//! [`submission::REPLY`] (0: the call has ended, nobody waits). Its caller gets [`completion::REPLIED`].

use crate::constants::constants;

/// Grows with every change of this file; checked when the addon is loaded.
pub const ABI_VERSION: u32 = 12;
/// Words of a record.
pub const WORDS: usize = 8;

/// SLOT of a block that is named by a handle begins here.
pub const BLOCK: u32 = 0x8000_0000;
/// Set in the op of a message that goes to another isolate, or came from one: such an op means the same in all of them.
pub const WIRE: u16 = 0x8000;
/// Bytes of a payload that are copied between shards; what is larger travels by reference.
pub const COPIED: usize = 4096;

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
        /// The payload is the block SLOT. To another shard a payload is this, `INLINE` or none.
        BYTES = 32;
        /// In a delivery, beside `CALL`: the caller lives on another shard, and A is what `submission::REPLY` takes.
        REMOTE = 64;
        /// In a dead letter the upper four flag bits are the reason, see `why`.
        WHY_SHIFT = 4;
    }
}

constants! {
    /// What an isolate submits. A record of kind 0 is passed over.
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
        /// The message that it stands for stays in the isolate. Flags: PRIORITY, REENTRANT.
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
        /// Asks for `completion::ROOM` with SLOT once the mailbox of `TO` is below its low-water mark. Of another shard only
        /// the way there is known: ROOM comes once that is free, whatever the mailbox holds.
        AWAIT_ROOM = 22;
        /// Charges `TO` with A microseconds that a fiber of it took.
        CHARGE = 23;
        /// Answers the call from another shard that was delivered with token A. B: `reply`. SLOT with `flag::BYTES`: the
        /// answer; with `flag::INLINE` it is an `f64` in TO and `TO_GENERATION`. What has ended meanwhile: nothing.
        REPLY = 24;
        /// Passes the call from another shard that was delivered with token A on to `TO`, by `FROM`, as a message with
        /// flags, op and SLOT as in SEND: its caller waits for that one from now on. What has ended meanwhile: nothing.
        FORWARD = 25;
        /// The isolate has delivered A messages to `TO` by itself, which had nothing queued, and charges it with B
        /// microseconds.
        HANDLED = 26;
        /// The isolate has delivered a call to `TO` by itself, which had nothing queued, and it has no answer yet. A and B as
        /// in a call. HANDLED counts it.
        ASKED = 27;
        /// Puts SLOT behind what stands in the normal lane of `TO`, to come back in `completion::REACHED` when its turn is
        /// there. It may enter while a handler waits. Where nothing is delivered to `TO`, or no longer, it comes at once.
        BEHIND = 28;
    }
}

constants! {
    /// Flags of `submission::EXIT_SELF`.
    pub mod exit_self: u32 {
        /// The isolate holds the reason word: the record does not take its count over.
        KEPT = 1;
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
        /// The call with token A ended without an answer. B: `call_end`. SLOT: the reason word, for EXITED; how many messages
        /// the callee's mailbox holds, for `MAILBOX_FULL`.
        CALL_ENDED = 83;
        /// A message that was not delivered: all its words, and the reason in the upper four flag bits.
        DEAD_LETTER = 84;
        /// There is room in the mailbox that the waiter SLOT asked about, or its owner has ended.
        ROOM = 85;
        /// The answer of the call to another shard with token A, which is over. B: `reply`. SLOT with `flag::BYTES`: the
        /// answer; with `flag::INLINE` it is an `f64` in TO and `TO_GENERATION`.
        REPLIED = 86;
        /// A message that was not delivered, whose payload is the block SLOT. Flags as of `DEAD_LETTER`.
        DEAD_LETTER_BYTES = 87;
        /// The shard B, isolate A of this system, is there.
        ISOLATE_UP = 88;
        /// The shard B, isolate A of this system, has ended: what was tied to its actors has, or is about to.
        ISOLATE_DOWN = 89;
        /// What stood before SLOT in the mailbox of `TO`, and could be delivered, has been (`submission::BEHIND`): in a slice.
        /// Outside of one it has not, because nothing is delivered to `TO`.
        REACHED = 90;
    }
}

constants! {
    /// What an answer from another shard is.
    pub mod reply: u32 {
        /// The result.
        SUCCESS = 0;
        /// A domain error: the callee lives.
        FAILURE = 1;
        /// Neither: the codec's bytes of why it was not answered.
        ASK_ERROR = 2;
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
        /// Pending calls, those to other shards included.
        CALLS = 5;
        /// Not 0: so many other shards take no message now, or might not take a ring full; ask before a send to another
        /// shard.
        FULL_PEERS = 6;
        /// Senders that are held for a full mailbox or a full way.
        HOLDS = 7;
        /// Messages in mailboxes that may enter while a handler of their receiver waits.
        ENTERING = 8;
        /// Words of the block.
        WORDS = 16;
    }
}

//! `layout.ts`: the records, the control block and the PID's bits.

use myrmidon_core::{pid, record};

use crate::typescript::{header, number, object};

/// The module's text.
pub fn module() -> String {
    [
        header("The records that cross the membrane, the control block, and the bits of a PID."),
        number("ABI_VERSION", "Grows with every change; checked when the addon is loaded.", record::ABI_VERSION.into()),
        number("RECORD_WORDS", "32-bit words of a record.", record::WORDS as u64),
        object("Word", "Positions of the words in a record.", record::word::ALL),
        object("Flag", "Flags of a message.", record::flag::ALL),
        object("Submission", "What an isolate submits.", record::submission::ALL),
        object("ExitSelf", "Flags of `Submission.ExitSelf`.", record::exit_self::ALL),
        object("Spawn", "Flags of a spawn, and of `Submission.Flags`.", record::spawn::ALL),
        object("Policy", "What a full mailbox does.", record::policy::ALL),
        object("Completion", "What an isolate gets.", record::completion::ALL),
        object("CallEnd", "How a call ended without an answer.", record::call_end::ALL),
        object("Reply", "What an answer from another shard is.", record::reply::ALL),
        number("BLOCK", "SLOT of a block that is named by a handle begins here.", record::BLOCK.into()),
        number("COPIED", "Bytes of a payload that are copied between shards.", record::COPIED as u64),
        object("Why", "Why a letter is dead.", record::why::ALL),
        object("Control", "Words of the control block that a shard shares with its isolate.", record::control::ALL),
        number("INDEX_BITS", "Bits of a slab index.", pid::INDEX_BITS.into()),
        number("SHARD_BITS", "Bits of a shard number.", pid::SHARD_BITS.into()),
        number("GENERATION_BITS", "Bits of a generation.", pid::GENERATION_BITS.into()),
        number("MAX_INDEX", "The highest index of a slab; 0 is never given out.", pid::MAX_INDEX.into()),
        number("MAX_GENERATION", "The highest generation of a slot.", pid::MAX_GENERATION.into()),
    ]
    .concat()
}

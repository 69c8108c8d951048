//! PIDs: handles of 53 significant bits, so that one is exact as a JavaScript number.
//!
//! ```text
//! bit 52        32 31    24 23             0
//!     generation | shard  | slab index
//!         21     |   8    |     24
//! ```
//! The low 32 bits (shard and index) say where an actor lives, the generation which of the slot's lives is meant.
//! Index 0 of every shard is never given out: the low word 0 therefore means "nobody".
//! A slot's first life has generation 0; a slot whose generations are spent retires (`slab`), so that no PID ever
//! names two actors.

use core::{fmt, num::ParseIntError, str::FromStr};

/// Bits of a slab index.
pub const INDEX_BITS: u32 = 24;
/// Bits of a shard number.
pub const SHARD_BITS: u32 = 8;
/// Bits of a generation.
pub const GENERATION_BITS: u32 = 21;
/// The highest index of a slab.
pub const MAX_INDEX: u32 = (1 << INDEX_BITS) - 1;
/// The highest generation of a slot; a slot that has lived it retires.
pub const MAX_GENERATION: u32 = (1 << GENERATION_BITS) - 1;

/// The handle of one life of one actor. `Pid::NONE` is nobody.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Pid(u64);

impl Pid {
    /// Nobody: the sender of a message that no actor sent.
    pub const NONE: Self = Self(0);

    /// A handle from its parts; `None` when one is out of range or the index is 0.
    pub const fn new(shard: u8, index: u32, generation: u32) -> Option<Self> {
        if index == 0 || index > MAX_INDEX || generation > MAX_GENERATION {
            return None;
        }
        Some(Self(((generation as u64) << 32) | ((shard as u64) << INDEX_BITS) | index as u64))
    }

    /// A handle from the two words that cross the membrane. Bits above the generation are ignored.
    pub const fn from_words(low: u32, generation: u32) -> Self {
        Self((((generation & MAX_GENERATION) as u64) << 32) | low as u64)
    }

    /// A handle from its number; `None` when the number has more than 53 bits or an index of 0.
    pub const fn from_u64(number: u64) -> Option<Self> {
        let index = number as u32 & MAX_INDEX;
        if number >> 53 != 0 || index == 0 { None } else { Some(Self(number)) }
    }

    /// The number: what JavaScript and Python hold.
    pub const fn to_u64(self) -> u64 {
        self.0
    }

    /// Shard and index: the word that addresses the actor.
    pub const fn low(self) -> u32 {
        self.0 as u32
    }

    /// The slab index, 1 to [`MAX_INDEX`]; 0 for nobody.
    pub const fn index(self) -> u32 {
        self.low() & MAX_INDEX
    }

    /// The shard that the actor lives on.
    pub const fn shard(self) -> u8 {
        (self.low() >> INDEX_BITS) as u8
    }

    /// Which life of the slot is meant.
    pub const fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Whether this is nobody.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// `<shard.index.generation>`, as in logs.
impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}.{}.{}>", self.shard(), self.index(), self.generation())
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no PID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParsePidError {
    /// Not of the form `<shard.index.generation>`.
    Form,
    /// A part is no decimal number of its width.
    Number(ParseIntError),
    /// A part is out of range, or the index is 0.
    Range,
}

impl fmt::Display for ParsePidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("a PID is written <shard.index.generation>"),
            Self::Number(error) => write!(f, "a part of the PID is no number: {error}"),
            Self::Range => f.write_str("a part of the PID is out of range"),
        }
    }
}

impl core::error::Error for ParsePidError {}

impl FromStr for Pid {
    type Err = ParsePidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).ok_or(ParsePidError::Form)?;
        let mut parts = inner.split('.');
        let (Some(shard), Some(index), Some(generation), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ParsePidError::Form);
        };
        let shard = shard.parse::<u8>().map_err(ParsePidError::Number)?;
        let index = index.parse::<u32>().map_err(ParsePidError::Number)?;
        let generation = generation.parse::<u32>().map_err(ParsePidError::Number)?;
        Self::new(shard, index, generation).ok_or(ParsePidError::Range)
    }
}

#[cfg(test)]
mod tests;

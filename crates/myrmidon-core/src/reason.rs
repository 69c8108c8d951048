//! Reason words: an [`ExitReason`] as 32 bits, `code | detail << 8`.
//!
//! What fits into the detail stands there (`NoProc`, `IsolateDown`, a `Shutdown` without a word); the rest is in this
//! table, counted: whoever makes a word or copies one holds one count of it, and gives it back with `release`. One word
//! is kept for the isolate, which names it again and again: a failure that comes once more need not be told again.

use crate::{
    exit_reason::{ExitReason, code},
    tide,
};

/// `Normal`, as a word.
pub const NORMAL: u32 = code::NORMAL as u32;
/// `Killed`, as a word.
pub const KILLED: u32 = code::KILLED as u32;

/// `NoProc`, as a word.
pub const fn no_proc(ever_existed: bool) -> u32 {
    code::NO_PROC as u32 | (ever_existed as u32) << 8
}

/// `IsolateDown`, as a word.
pub const fn isolate_down(isolate: u8) -> u32 {
    code::ISOLATE_DOWN as u32 | (isolate as u32) << 8
}

/// The code of a word's tag.
pub const fn code_of(word: u32) -> u8 {
    word as u8
}

#[derive(Default)]
struct Entry {
    reason: Option<ExitReason>,
    count: u32,
}

/// The reasons that do not fit into their word.
pub struct Reasons {
    entries: Vec<Entry>,
    free: Vec<u32>,
    kept: u32,
}

impl Default for Reasons {
    fn default() -> Self {
        Self { entries: vec![Entry::default()], free: Vec::new(), kept: NORMAL }
    }
}

const fn handle_of(word: u32) -> usize {
    match code_of(word) {
        code::SHUTDOWN | code::CRASHED | code::NODE_UNREACHABLE | code::NODE_RESTARTED => (word >> 8) as usize,
        _ => 0,
    }
}

impl Reasons {
    /// The word of a reason, with one count.
    pub fn intern(&mut self, reason: ExitReason) -> u32 {
        let code = u32::from(reason.code());
        match reason {
            ExitReason::Normal | ExitReason::Killed | ExitReason::Shutdown { detail: None } => code,
            ExitReason::NoProc { ever_existed } => no_proc(ever_existed),
            ExitReason::IsolateDown { isolate } => code | u32::from(isolate) << 8,
            kept => {
                let entry = Entry { reason: Some(kept), count: 1 };
                let handle = if let Some(handle) = self.free.pop() {
                    self.entries[handle as usize] = entry;
                    handle
                } else {
                    self.entries.push(entry);
                    self.entries.len() as u32 - 1
                };
                code | handle << 8
            }
        }
    }

    /// The word of a reason, whose count stays in here until another one is kept.
    pub fn keep(&mut self, reason: ExitReason) -> u32 {
        let word = self.intern(reason);
        let before = core::mem::replace(&mut self.kept, word);
        self.release(before);
        word
    }

    /// One count more; the word.
    pub fn retain(&mut self, word: u32) -> u32 {
        if let Some(entry) = self.entries.get_mut(handle_of(word))
            && entry.count > 0
        {
            entry.count += 1;
        }
        word
    }

    /// One count less.
    pub fn release(&mut self, word: u32) {
        let handle = handle_of(word);
        let Some(entry) = self.entries.get_mut(handle) else {
            return;
        };
        if entry.count == 0 {
            return;
        }
        entry.count -= 1;
        if entry.count == 0 {
            entry.reason = None;
            self.free.push(handle as u32);
        }
    }

    /// The reason of a word that somebody holds; `None` for a word that nobody made.
    pub fn get(&self, word: u32) -> Option<ExitReason> {
        let detail = word >> 8;
        match code_of(word) {
            code::NORMAL => Some(ExitReason::Normal),
            code::KILLED => Some(ExitReason::Killed),
            code::SHUTDOWN if detail == 0 => Some(ExitReason::SHUTDOWN),
            code::NO_PROC => Some(ExitReason::NoProc { ever_existed: detail != 0 }),
            code::ISOLATE_DOWN => Some(ExitReason::IsolateDown { isolate: detail as u8 }),
            _ => {
                let reason = self.entries.get(handle_of(word))?.reason.as_ref()?;
                (reason.code() == code_of(word)).then(|| reason.clone())
            }
        }
    }

    /// Gives back what a burst left. The kept one stays where it is: its isolate knows it by its number.
    pub fn give_back(&mut self) {
        let kept = handle_of(self.kept);
        if tide::is_spent(self.len() - usize::from(kept != 0), self.entries.capacity()) {
            self.entries.truncate(kept + 1);
            self.entries.shrink_to_fit();
            self.free = (1..kept as u32).collect();
        }
    }

    /// Reasons in the table.
    pub fn len(&self) -> usize {
        self.entries.len() - 1 - self.free.len()
    }
}

#[cfg(test)]
mod tests;

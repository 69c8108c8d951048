//! A new version on probation, and the journal of what it has been given.

use super::{Handled, MAX_JOURNAL, Version};

/// Names a message of a canary until its handler is done. One that outlives its canary names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    canary: u32,
    at: u32,
}

#[derive(Debug)]
struct Entry<M> {
    message: M,
    is_asked: bool,
    is_done: bool,
    is_answered: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Whose swap it is.
    pub request: u32,
    /// What is tried out.
    pub version: Version,
    /// Versions to keep once nothing can call it back.
    pub keep: usize,
    /// After it has passed its group may still call it back.
    pub in_group: bool,
}

#[derive(Debug)]
pub(super) struct Canary<M> {
    pub terms: Terms,
    serial: u32,
    wanted: usize,
    done: usize,
    /// Oldest first, at most `MAX_JOURNAL`.
    journal: Vec<Entry<M>>,
}

impl<M> Canary<M> {
    pub const fn new(terms: Terms, serial: u32, messages: u32) -> Self {
        Self { terms, serial, wanted: messages as usize, done: 0, journal: Vec::new() }
    }

    pub const fn is_full(&self) -> bool {
        self.journal.len() >= MAX_JOURNAL
    }

    pub fn begun(&mut self, message: M, is_asked: bool) -> Ticket {
        self.journal.push(Entry { message, is_asked, is_done: false, is_answered: false });
        Ticket { canary: self.serial, at: self.journal.len() as u32 - 1 }
    }

    pub fn handled(&mut self, ticket: Ticket) {
        if let Some(entry) = self.entry(ticket)
            && !entry.is_done
        {
            entry.is_done = true;
            self.done += 1;
        }
    }

    pub fn answered(&mut self, ticket: Ticket) {
        if let Some(entry) = self.entry(ticket) {
            entry.is_answered = entry.is_asked;
        }
    }

    fn entry(&mut self, ticket: Ticket) -> Option<&mut Entry<M>> {
        if ticket.canary == self.serial { self.journal.get_mut(ticket.at as usize) } else { None }
    }

    /// Enough is handled, and no handler runs or waits.
    pub const fn has_passed(&self) -> bool {
        self.done >= self.wanted && self.done == self.journal.len()
    }

    /// What it has handled, and what it has begun only; both oldest first.
    pub fn close(self) -> (Vec<Handled<M>>, Vec<M>) {
        let (mut handled, mut open) = (Vec::with_capacity(self.done), Vec::new());
        for Entry { message, is_done, is_answered, .. } in self.journal {
            if is_done {
                handled.push(Handled { message, answered: is_answered });
            } else {
                open.push(message);
            }
        }
        (handled, open)
    }
}

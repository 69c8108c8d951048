//! Answers that wait for their turn: behind what stands in their asker's mailbox (G266).
//!
//! An asker that waits in a handler is resumed by its isolate, past its mailbox. Where something may enter beside that
//! handler (G7), the isolate puts the answer in here instead: an entry of the normal lane that may enter too, and that no
//! bound counts. So everything that may be delivered, and was sent before, is begun first.
//!
//! Promise: each SLOT comes back once. In a slice in its turn; outside of one as soon as nothing is delivered to the actor
//! (it is suspended, held or ended), because then nobody would ever reach it. An ordered stop that waits for the handler is
//! passed by: the handler waits for the answer.

use super::Shard;
use crate::{
    mailbox::Node,
    pid::Pid,
    record::{completion, flag},
    slab::{State, mark},
};

const HEAD: u32 = completion::REACHED | flag::REENTRANT << 8;

impl Shard {
    /// Puts an answer behind what stands in a mailbox.
    pub(super) fn wait_behind(&mut self, to: Pid, slot: u32) {
        let delivered = self.slab.alive(to).filter(|index| {
            let hot = &self.slab[*index];
            hot.state == State::Live && !hot.has(mark::SUSPENDED | mark::HELD)
        });
        match delivered {
            Some(index) => {
                self.slab.side_mut(index).behind += 1;
                self.enqueue(index, Node::new(HEAD, Pid::NONE, slot, 0, 0));
            }
            None => self.post(completion::REACHED, to, Pid::NONE, slot, 0, 0),
        }
    }

    /// Nothing is delivered to an actor any more, until somebody lets it go on: its answers do not wait for that.
    pub(super) fn let_answers_go(&mut self, index: u32) {
        let pid = self.slab.pid(index);
        let mut id = self.slab[index].normal.head;
        while id != 0 && self.slab.side(index).is_some_and(|side| side.behind > 0) {
            let next = self.nodes.next(id);
            if self.nodes.get(id).kind() == completion::REACHED {
                let node = self.remove_node(index, id);
                self.slab.side_mut(index).behind -= 1;
                self.post(completion::REACHED, pid, Pid::NONE, node.slot, 0, 0);
            }
            id = next;
        }
    }

    /// Tells of the answers that the mailbox of one that has ended held: behind its end, which interrupts who waits for them.
    pub(super) fn let_answers_of_dead_go(&mut self, pid: Pid) {
        for slot in core::mem::take(&mut self.unreached) {
            self.post(completion::REACHED, pid, Pid::NONE, slot, 0, 0);
        }
    }
}

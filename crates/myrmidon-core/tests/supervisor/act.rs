//! What the miniature shell does about actions, and how it writes down answers and events.

use super::{
    super::tree::{Body, Tree, specs},
    Being, Delivery, Index, Machine, State, World, pid_of,
};
use myrmidon_core::{
    exit_reason::ExitReason,
    supervisor::{Action, Answer, Command, CommandError, Event, Happening, Input, Life, StartFailure, Status},
};
use std::sync::Arc;

impl World {
    pub(super) fn perform(&mut self, index: Index) {
        loop {
            let action = match self.machine_mut(index) {
                Some(Machine::Static(machine)) => machine.poll(),
                Some(Machine::Dynamic(machine)) => machine.poll(),
                None => None,
            };
            let Some(action) = action else { return };
            self.act(index, action);
        }
    }

    pub(super) fn act(&mut self, index: Index, action: Action<Arc<Tree>>) {
        let child = |world: &Self, life: Life| world.actors.get(&index).and_then(|own| own.lives.get(&life)).copied();
        match action {
            Action::Start { life, start, .. } => {
                let path = self.path(index, &start.id);
                self.spawn(&start, Some((index, life)), &path);
            }
            Action::Cancel(life) => {
                if let Some(child) = child(self, life) {
                    match self.actors.get(&child).map(|actor| &actor.being) {
                        // One that has started by now is killed: its cleanup does not run.
                        Some(Being::Worker { .. }) if self.is_alive(child) => self.die(child, &ExitReason::Killed),
                        Some(Being::Worker { .. }) => self.terminate(child, &ExitReason::Killed),
                        Some(Being::Supervisor(_)) => {
                            let signal = Delivery::Exit { reason: ExitReason::SHUTDOWN, from: Some(index) };
                            self.line.push_back((child, signal));
                        }
                        None => {}
                    }
                }
            }
            Action::Stop(life) => {
                if let Some(child) = child(self, life) {
                    let signal = Delivery::Exit { reason: ExitReason::SHUTDOWN, from: Some(index) };
                    self.line.push_back((child, signal));
                }
            }
            Action::Kill(life) => {
                if let Some(child) = child(self, life) {
                    self.die(child, &ExitReason::Killed);
                }
            }
            Action::Respec { life, start } => {
                if let Some(child) = child(self, life) {
                    self.respec(child, &start);
                }
            }
            Action::Arm(timer, ms) => {
                self.armed += 1;
                self.timers.insert(((self.now + ms).to_bits(), self.armed), (index, timer));
            }
            Action::Disarm(timer) => self.timers.retain(|_, held| *held != (index, timer)),
            Action::Answer(token, answer) => {
                if let Some(label) = self.labels.remove(&token) {
                    self.results.push(format!("{label}: {}", text_of(&answer)));
                }
                if self.answers.insert(token, answer).is_some() {
                    self.faults.push(format!("command {token} was answered twice"));
                }
            }
            Action::Emit(event) => self.events.extend(text_of_event(&event)),
            Action::Ready => {
                if let Some(actor) = self.actors.get_mut(&index) {
                    actor.state = State::Alive;
                }
                self.tell_parent(index, |life| Input::Started(life, pid_of(index)));
                if self.root == Some(index) || self.root.is_none() {
                    self.results.push("start: ok".into());
                }
            }
            Action::Fail(error) => {
                if self.root == Some(index) || self.root.is_none() {
                    self.results.push(format!("start: ChildStartError {}", error.place));
                }
                self.tell_parent(index, |life| Input::Failed(life, StartFailure::Below(error)));
                self.last(index);
                self.actors.remove(&index);
            }
            Action::End(reason) => {
                self.last(index);
                self.die(index, &reason);
            }
        }
    }

    /// Nothing comes after the last action, and no child that it has is left.
    pub(super) fn last(&mut self, index: Index) {
        let more = match self.machine_mut(index) {
            Some(Machine::Static(machine)) => machine.poll(),
            Some(Machine::Dynamic(machine)) => machine.poll(),
            None => None,
        };
        if let Some(action) = more {
            self.faults.push(format!("{action:?} came after the end"));
        }
        let left: Vec<_> =
            self.actors.values().filter(|child| child.parent.is_some_and(|(above, _)| above == index)).collect();
        if let Some(child) = left.first() {
            self.faults.push(format!("{} outlives its supervisor", child.id));
        }
    }

    pub(super) fn respec(&mut self, child: Index, tree: &Arc<Tree>) {
        match &tree.body {
            Body::Worker { .. } => {}
            Body::Static { options, children } => {
                self.command(child, None, Command::Change { options: *options, children: specs(children) });
            }
            Body::Dynamic { options, child: treatment, .. } => {
                if let Some(Machine::Dynamic(machine)) = self.machine_mut(child) {
                    machine.change(*options, *treatment).expect("the tree was checked");
                }
            }
        }
    }

    pub(super) fn path(&self, above: Index, id: &str) -> String {
        let mut path = vec![id.to_owned()];
        let mut at = Some(above);
        while let Some(actor) = at.and_then(|index| self.actors.get(&index)) {
            path.push(actor.id.clone());
            at = actor.parent.map(|(above, _)| above);
        }
        path.reverse();
        path.join("/")
    }
}

fn text_of(answer: &Answer) -> String {
    let word = |status: &Option<Status>| status.map_or("unknown", Status::name);
    match answer {
        Ok(_) => "ok".into(),
        Err(CommandError::ChildPresent { id, status }) => format!("ChildPresent {id} {}", status.name()),
        Err(CommandError::ChildNotRunning { id, status }) => format!("ChildNotRunning {id} {}", word(status)),
        Err(CommandError::ChildStart(error)) => format!("ChildStartError {}", error.place),
        Err(CommandError::InvalidSpec(error)) => super::super::row::invalid(error),
        Err(error) => error.to_string(),
    }
}

/// As TypeScript tells it; what it does not tell is `None`.
fn text_of_event(Event { child, what }: &Event) -> Option<String> {
    match what {
        Happening::Started(_) => Some(format!("Started {child}")),
        Happening::Restarted(_) => Some(format!("Restarted {child}")),
        Happening::Crashed(reason) => Some(format!("Crashed {child} {reason}")),
        Happening::Escalated(_) => Some(format!("Escalated {child}")),
        Happening::RestartFailed(_) | Happening::Stopped(_) => None,
    }
}

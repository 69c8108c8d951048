//! What is asked of a supervisor, when its turn has come (G91).

use super::{
    children::Key,
    error::{CommandError, Status},
    machine::{AfterStops, Purpose, Supervisor, Work},
    protocol::{Command, Done, Token},
    spec::{ChildSpec, MAX_STATIC_CHILDREN, check_child},
};
use std::sync::Arc;

impl<S: Clone> Supervisor<S> {
    pub(super) fn perform(&mut self, token: Token, command: Command<S>) {
        let refused = match command {
            Command::StartChild(spec) => self.start_child(token, spec),
            Command::TerminateChild(id) => self.known(&id).map(|(key, _)| self.terminate_child(token, key)),
            Command::RestartChild(id) => self.resting(&id).map(|key| {
                self.start_all([key].into(), Purpose::ByHand(token));
            }),
            Command::DeleteChild(id) => self.resting(&id).map(|key| {
                self.children.forget(key);
                self.out.answer(token, Ok(Done::Done));
            }),
            Command::Change { options, children } => self.change(options, children).map(|()| {
                self.out.answer(token, Ok(Done::Done));
            }),
        };
        if let Err(error) = refused {
            self.out.answer(token, Err(error));
        }
    }

    fn known(&self, id: &Arc<str>) -> Result<(Key, Status), CommandError> {
        self.children
            .key(id)
            .and_then(|key| self.children.get(key).map(|child| (key, child.status)))
            .ok_or_else(|| CommandError::ChildNotRunning { id: id.clone(), status: None })
    }

    fn resting(&self, id: &Arc<str>) -> Result<Key, CommandError> {
        match self.known(id)? {
            (key, Status::Stopped) => Ok(key),
            (_, status) => Err(CommandError::ChildPresent { id: id.clone(), status }),
        }
    }

    fn start_child(&mut self, token: Token, spec: ChildSpec<S>) -> Result<(), CommandError> {
        check_child(&self.options, &spec).map_err(CommandError::InvalidSpec)?;
        if let Ok((_, status)) = self.known(&spec.id) {
            return Err(CommandError::ChildPresent { id: spec.id, status });
        }
        if self.children.len() >= MAX_STATIC_CHILDREN {
            return Err(CommandError::TooManyChildren { limit: MAX_STATIC_CHILDREN });
        }
        let key = self.children.push(spec);
        self.start_all([key].into(), Purpose::Added(token));
        Ok(())
    }

    fn terminate_child(&mut self, token: Token, key: Key) {
        self.work = Work::Stopping { left: vec![key], halt: None, then: AfterStops::Terminated(token, key) };
        self.stop_on();
    }
}

//! Other specs for a supervisor that runs (G97; `code_change` of OTP's `supervisor`).
//!
//! A child is kept when its id and its kind are: it keeps its life, its plans and its count of restarts, and takes the
//! new spec's place in the order. What is new is stopped. What is gone is not ended before its supervisor is, which stops
//! it last of all; it is not started again. The window of restarts stays as it is.

use super::{
    children::Key,
    error::CommandError,
    machine::Supervisor,
    protocol::Action,
    spec::{ChildSpec, MAX_STATIC_CHILDREN, Options, check_children},
};

impl<S: Clone> Supervisor<S> {
    pub(super) fn change(&mut self, options: Options, specs: Vec<ChildSpec<S>>) -> Result<(), CommandError> {
        check_children(self.place(), &options, &specs).map_err(CommandError::InvalidSpec)?;
        if specs.len() + self.children.strays().len() + self.children.len() > 2 * MAX_STATIC_CHILDREN {
            return Err(CommandError::TooManyChildren { limit: 2 * MAX_STATIC_CHILDREN });
        }
        self.options = options;
        let mut kept: Vec<Option<Key>> = Vec::with_capacity(specs.len());
        for spec in &specs {
            kept.push(self.children.key(&spec.id).filter(|key| {
                self.children.get(*key).is_some_and(|child| child.spec.treatment.kind == spec.treatment.kind)
            }));
        }
        let gone: Vec<Key> = {
            let stays: rustc_hash::FxHashSet<Key> = kept.iter().flatten().copied().collect();
            self.children.order().iter().copied().filter(|key| !stays.contains(key)).collect()
        };
        for key in gone {
            self.void(key);
            self.children.let_go(key);
        }
        let order = kept
            .into_iter()
            .zip(specs)
            .map(|(key, spec)| {
                let Some(key) = key else { return self.children.push(spec) };
                if let Some(child) = self.children.get_mut(key) {
                    if let Some(alive) = child.alive {
                        self.out.push(Action::Respec { life: alive.life, start: spec.start.clone() });
                    }
                    child.spec = spec;
                }
                key
            })
            .collect();
        self.children.reorder(order);
        Ok(())
    }
}

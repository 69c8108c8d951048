//! Upgrades of a row: what a binding supplies to a swap, the copy, the migration and the way back.

use myrmidon_core::{
    exit_reason::{CrashError, Language},
    swap::{Failure, Upgrade, Version},
};
use serde_json::Value;

/// The state of a meter.
#[derive(Clone, Debug)]
pub struct State {
    pub id: String,
    pub n: i64,
    /// What is no plain data is in it.
    pub odd: bool,
}

/// What every migration adds, so that it is seen.
const MIGRATED: i64 = 1000;

/// From one version to the next.
#[derive(Clone)]
struct Step {
    name: String,
    migrate: String,
    only: Value,
    copy: Option<String>,
    back: Option<String>,
}

/// An upgrade that waits in one of its steps.
pub struct Paused {
    pub upgrade: u32,
    step: usize,
    state: State,
}

/// How far a migration came.
pub enum Migration {
    Done(Result<State, Failure>),
    /// Until the row says how this step ends.
    Waits(String, Paused),
    Never,
}

pub struct Upgrades {
    rows: Value,
    chains: Vec<(Upgrade, Vec<Step>)>,
}

fn error(message: &str) -> Failure {
    let (name, message) = ("Error".into(), message.into());
    Failure::Failed(Box::new(CrashError { name, message, stack: None, language: Language::Rust }))
}

impl Upgrades {
    pub fn new(rows: &Value) -> Self {
        Self { rows: rows.clone(), chains: Vec::new() }
    }

    /// `1-2`, or `1-2-3` for two of them as one.
    pub fn parse(&mut self, name: &str) -> Upgrade {
        let versions: Vec<&str> = name.split('-').collect();
        let step = |pair: &[&str]| {
            let name = pair.join("-");
            let row = &self.rows[&name];
            Step {
                migrate: row["migrate"].as_str().unwrap_or("ok").into(),
                only: row["only"].clone(),
                copy: row["copy"].as_str().map(Into::into),
                back: row["back"].as_str().map(Into::into),
                name,
            }
        };
        let steps: Vec<Step> = versions.windows(2).map(step).collect();
        let number = |text: Option<&&str>| Version(text.expect("a version").parse().expect("a number"));
        let upgrade = Upgrade {
            id: self.chains.len() as u32,
            from: number(versions.first()),
            to: number(versions.last()),
            has_way_back: steps.iter().all(|step| step.back.is_some()),
        };
        self.chains.push((upgrade, steps));
        upgrade
    }

    /// Of a copy, except where the upgrade shares the state.
    pub fn migrate(&self, upgrade: u32, state: &mut State) -> Migration {
        let steps = &self.chains[upgrade as usize].1;
        match steps[0].copy.as_deref() {
            Some("share") => {
                let result = self.go(upgrade, 0, state.clone(), None);
                // What a migration that fails has done to it stays.
                if steps[0].migrate == "throw" {
                    state.n = -1;
                }
                result
            }
            Some("throws") => Migration::Done(Err(error("copy"))),
            None if state.odd => Migration::Done(Err(Failure::NotCopyable("$.bag".into()))),
            _ => self.go(upgrade, 0, state.clone(), None),
        }
    }

    /// The row has said how the step ends.
    pub fn go_on(&self, Paused { upgrade, step, state }: Paused, how: &str) -> Migration {
        self.go(upgrade, step, state, Some(how))
    }

    fn go(&self, upgrade: u32, from: usize, mut state: State, mut how: Option<&str>) -> Migration {
        let steps = &self.chains[upgrade as usize].1;
        for (at, step) in steps.iter().enumerate().skip(from) {
            let own = step.only[&state.id].as_str().unwrap_or(&step.migrate);
            match how.take().unwrap_or(own) {
                "ok" => state.n += MIGRATED,
                "none" => {}
                "throw" | "fail" => return Migration::Done(Err(error("no"))),
                "invalid" => return Migration::Done(Err(Failure::Invalid("n is no whole number".into()))),
                "never" => return Migration::Never,
                "wait" => return Migration::Waits(step.name.clone(), Paused { upgrade, step: at, state }),
                other => panic!("unknown migration {other}"),
            }
        }
        Migration::Done(Ok(state))
    }

    /// The old state from the new one. `None`: some step throws.
    pub fn way_back(&self, upgrade: u32, state: &State) -> Option<State> {
        let mut state = state.clone();
        for step in self.chains[upgrade as usize].1.iter().rev() {
            if step.back.as_deref() != Some("ok") {
                return None;
            }
            state.n -= MIGRATED;
        }
        Some(state)
    }
}

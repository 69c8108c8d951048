//! Upgrades of a row.

use super::meter::{Message, Meter, State};
use crate::swap::Upgrade;
use parking_lot::{Condvar, Mutex};
use serde_json::Value;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// What every migration adds, so that it is seen.
const MIGRATED: i64 = 1000;

/// Migrations that wait for the row, or for ever.
#[derive(Default)]
pub struct Gate {
    pub state: Mutex<Waiting>,
    pub changed: Condvar,
}

#[derive(Default)]
pub struct Waiting {
    /// Those of each upgrade, oldest first; `never` stands for those that do so for ever.
    pub numbers: HashMap<String, VecDeque<u64>>,
    pub said: HashMap<u64, String>,
    pub is_over: bool,
    next: u64,
}

impl Gate {
    pub fn waiting(&self) -> usize {
        self.state.lock().numbers.values().map(VecDeque::len).sum()
    }

    fn wait(&self, upgrade: &str) -> String {
        let mut state = self.state.lock();
        state.next += 1;
        let number = state.next;
        state.numbers.entry(upgrade.into()).or_default().push_back(number);
        loop {
            if let Some(how) = state.said.remove(&number) {
                return how;
            }
            if state.is_over {
                return "fail".into();
            }
            self.changed.wait(&mut state);
        }
    }

    /// How the oldest goes on.
    pub fn say(&self, upgrade: &str, how: &str) {
        let mut state = self.state.lock();
        let number = state.numbers.get_mut(upgrade).and_then(VecDeque::pop_front).expect("a migration that waits");
        state.said.insert(number, how.into());
        self.changed.notify_all();
    }

    pub fn close(&self) {
        self.state.lock().is_over = true;
        self.changed.notify_all();
    }
}

pub type Chain<const A: u32, const B: u32> = Upgrade<Meter<A>, Meter<B>, Message, String>;

/// The upgrade between two versions, as the row has it.
pub fn step<const A: u32, const B: u32>(rows: &Value, gate: &Arc<Gate>) -> Chain<A, B> {
    let name = format!("{A}-{B}");
    let row = rows[&name].clone();
    let copy = row["copy"].as_str().map(str::to_owned);
    let waits = row.to_string().contains("\"wait\"") || row.to_string().contains("\"never\"");
    let back = row["back"].as_str().map(str::to_owned);
    let gate = Arc::clone(gate);
    let upgrade = Upgrade::copying_async(
        move |old: &Meter<A>| match copy.as_deref() {
            Some("throws") => std::panic::panic_any("copy"),
            None if old.0.odd => Err("$.bag".into()),
            _ => Ok(Meter(old.0.clone())),
        },
        move |Meter(state): Meter<A>| {
            let own = row["only"][&state.id].as_str().unwrap_or(row["migrate"].as_str().unwrap_or("ok"));
            let how = match own {
                "wait" => gate.wait(&name),
                "never" => gate.wait("never"),
                how => how.to_owned(),
            };
            let State { id, n, odd, world } = state;
            let migrated = |n| Ok(Meter::<B>(State { id, n, odd, world }));
            match how.as_str() {
                "ok" => migrated(n + MIGRATED),
                "none" => migrated(n),
                "throw" => std::panic::panic_any("no"),
                "invalid" => Err("invalid".into()),
                _ => Err("no".into()),
            }
        },
    );
    let upgrade = upgrade.noting(|message: &Message| match message {
        Message::Tell(text) | Message::Ask(text, _) => text.clone(),
    });
    let upgrade = if waits { upgrade.lent() } else { upgrade };
    match back {
        None => upgrade,
        Some(how) => upgrade.back_async(move |Meter(state)| {
            if how != "ok" {
                std::panic::panic_any("back");
            }
            Some(Meter(State { n: state.n - MIGRATED, ..state }))
        }),
    }
}

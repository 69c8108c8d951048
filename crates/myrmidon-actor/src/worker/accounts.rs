//! Who has used what, by type of actor (G107, G108).
//!
//! The shard keeps each actor's account. Here is what outlives it: an end adds the account of a life to that of its type,
//! and a swap closes the books of the version before. A reading adds the living, so that nothing is done per message. Types
//! are code, so there are as many accounts as the program has.

use super::Worker;
use crate::{BehaviorInfo, Description, body::Protocol, version::name_of};
use myrmidon_core::{pid::Pid, record::Record, record::word, shard::Measure, swap::Version};
use rustc_hash::FxHashMap;

/// What actors of a type had used that have ended, or run something else now.
#[derive(Default)]
struct Spent {
    protocol: &'static str,
    /// Below 0 where they brought the account of another version along.
    reductions: i64,
    micros: i64,
    /// What was said last: one that has ended and is not reported yet is in no account, and a reading never says less than
    /// one before it.
    said: (u64, u64),
}

impl Spent {
    fn add(&mut self, reductions: i64, micros: i64) {
        self.reductions += reductions;
        self.micros += micros;
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Accounts {
    spent: FxHashMap<Version, Spent>,
    /// Of those that were swapped: what they run since then.
    booked: FxHashMap<Pid, Version>,
}

fn signed(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

fn double(record: &Record, low: usize, high: usize) -> i64 {
    signed(u64::from(record[low]) | u64::from(record[high]) << 32)
}

impl Worker {
    /// What an actor is: its type, and its protocol in TypeScript.
    fn behavior_of(&mut self, pid: Pid) -> Option<(Version, Protocol)> {
        let lent = self.loans.get(&pid).map(|loan| ((loan.version)(), loan.protocol));
        let (version, protocol) =
            lent.or_else(|| self.home(pid)?.body.as_ref().map(|body| (body.version()(), body.protocol())))?;
        Some((self.accounts.booked.get(&pid).copied().unwrap_or(version), protocol))
    }

    /// The account of a life, from its `DEAD` record; before its body is forgotten.
    pub(super) fn account_ended(&mut self, pid: Pid, record: &Record) {
        let behavior = self.behavior_of(pid);
        self.accounts.booked.remove(&pid);
        let Some((version, protocol)) = behavior else { return };
        let spent = self.accounts.spent.entry(version).or_default();
        spent.protocol = protocol.name;
        spent.add(double(record, word::FROM, word::FROM_GENERATION), double(record, word::SLOT, word::B));
    }

    /// From now on an actor runs another version: what it has used stays with the one before. Called before its body is
    /// another one.
    pub(super) fn account_moved(&mut self, pid: Pid, to: Version) {
        // What was handled of the batch under way counts.
        self.ingest();
        let Some((from, protocol)) = self.behavior_of(pid) else { return };
        let Some((reductions, micros)) = self.shard.account(pid) else { return };
        self.accounts.booked.insert(pid, to);
        if from == to {
            return;
        }
        for (version, sign) in [(from, 1), (to, -1)] {
            let spent = self.accounts.spent.entry(version).or_default();
            spent.protocol = if spent.protocol.is_empty() { protocol.name } else { spent.protocol };
            spent.add(sign * signed(reductions), sign * signed(micros));
        }
    }

    /// The accounts of all types of actors, in the order of their first use.
    pub fn behaviors(&mut self) -> Vec<BehaviorInfo> {
        self.flush();
        let living: Vec<_> = self.shard.usages().collect();
        let mut rows: FxHashMap<Version, (BehaviorInfo, i64, i64)> = FxHashMap::default();
        let row = |version, protocol| {
            let behavior = name_of(version);
            (BehaviorInfo { protocol, behavior, actors: 0, reductions: 0, micros: 0, mailbox: 0, memory: 0 }, 0, 0)
        };
        for (version, spent) in &self.accounts.spent {
            let mut made = row(*version, spent.protocol);
            (made.1, made.2) = (spent.reductions, spent.micros);
            rows.insert(*version, made);
        }
        for usage in living {
            let Some((version, protocol)) = self.behavior_of(usage.pid) else { continue };
            let (info, reductions, micros) = rows.entry(version).or_insert_with(|| row(version, protocol.name));
            info.protocol = protocol.name;
            info.actors += 1;
            info.mailbox += u64::from(usage.mailbox);
            info.memory += usage.memory as u64;
            *reductions += signed(usage.reductions);
            *micros += signed(usage.micros);
        }
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_unstable_by_key(|(version, _)| version.0);
        rows.into_iter()
            .map(|(version, (mut info, reductions, micros))| {
                let spent = self.accounts.spent.entry(version).or_default();
                spent.protocol = info.protocol;
                spent.said.0 = spent.said.0.max(u64::try_from(reductions).unwrap_or(0));
                spent.said.1 = spent.said.1.max(u64::try_from(micros).unwrap_or(0));
                (info.reductions, info.micros) = spent.said;
                info
            })
            .collect()
    }

    /// What is known of a living actor.
    pub fn describe(&mut self, pid: Pid) -> Option<Description> {
        let info = self.info(pid)?;
        let (behavior, Protocol { name: protocol, fingerprint }) =
            self.behavior_of(pid).map_or(("", Protocol::default()), |(version, protocol)| (name_of(version), protocol));
        Some(Description { info, protocol, fingerprint, behavior })
    }

    /// The living actors that have most of something, the highest first.
    pub fn top(&mut self, n: usize, by: Measure) -> Vec<(Pid, Description)> {
        self.flush();
        let ranked = self.shard.top(n, by);
        ranked.into_iter().filter_map(|(pid, _)| self.describe(pid).map(|found| (pid, found))).collect()
    }
}

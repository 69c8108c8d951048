//! How a row starts an actor.

use super::{Actor, Isolate};
use myrmidon_core::{
    pid::Pid,
    record::{Record, policy, spawn, submission, word},
};
use serde_json::Value;

impl Isolate {
    /// `Err`: why the spawn was refused.
    pub fn spawn(&mut self, name: &str, options: &Value, parent: Pid) -> Result<(), String> {
        self.flush();
        let mut reserved = [Pid::NONE];
        let at = self.spawned % self.nodes.len();
        self.spawned += 1;
        assert_eq!(self.nodes[at].shard.reserve(&mut reserved), 1, "room for an actor");
        let [pid] = reserved;
        let mut flags = 0;
        let mut reference = 0;
        if options["trap"] == true {
            flags |= spawn::TRAP_EXIT;
        }
        if options["cleanup"] == true {
            flags |= spawn::CLEANUP;
        }
        if options["link"] == true {
            flags |= spawn::LINK;
        }
        if let Some(monitor) = options["monitor"].as_str() {
            flags |= spawn::MONITOR;
            reference = self.reference();
            self.spawn_monitors.insert(reference, monitor.into());
        }
        let fails = options["init"] == "throw";
        if fails {
            flags |= spawn::STARTING;
        }
        let full = match options["onFull"].as_str() {
            None | Some("reject") => policy::REJECT,
            Some("drop-newest") => policy::DROP_NEWEST,
            Some("drop-oldest") => policy::DROP_OLDEST,
            Some("suspend") => policy::SUSPEND,
            Some(other) => panic!("unknown policy {other}"),
        };
        let send_timeout = options["sendTimeout"].as_u64().unwrap_or(5000) as u32;
        let mut record = Record::default();
        record[word::TO] = pid.low();
        record[word::TO_GENERATION] = pid.generation();
        record[word::FROM] = parent.low();
        record[word::FROM_GENERATION] = parent.generation();
        let budget = options["budget"].as_u64().unwrap_or(0) as u32;
        record[word::HEAD] = submission::SPAWN | flags << 8 | budget << 16;
        record[word::SLOT] = reference;
        record[word::A] = options["capacity"].as_u64().unwrap_or(0) as u32;
        record[word::B] = full | send_timeout << 8;
        if let Some(wanted) = options["name"].as_str() {
            if let Err(holder) = self.nodes[at].shard.open_named(&record, wanted) {
                self.submit(submission::RELEASE, pid, Pid::NONE, |_| {});
                return Err(format!("NameTaken({})", self.name(holder)));
            }
        } else {
            self.nodes[at].submissions.push(record);
        }
        if fails {
            self.submit(submission::ABANDON, pid, Pid::NONE, |_| {});
            return Err("InitCrashed(Crashed(init))".into());
        }
        self.actors.insert(pid, Actor::default());
        self.pids.insert(name.into(), pid);
        Ok(())
    }
}

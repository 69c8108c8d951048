//! Reads a row and holds the binding against it.

use super::binding::Binding;
use myrmidon_core::pid::Pid;
use serde_json::{Value, json};

/// `Err`: the first step that does not hold.
pub fn run(row: &Value) -> Result<(), String> {
    let mut binding = Binding::new(row);
    let mut player = Player { outcome: "", letters_seen: 0 };
    for step in row["steps"].as_array().expect("steps") {
        player.perform(&mut binding, step).map_err(|why| format!("{step}: {why}"))?;
        binding.settle();
    }
    binding.check_states();
    Ok(())
}

fn expect(found: &Value, wanted: &Value) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("found {found}")) }
}

struct Player {
    outcome: &'static str,
    letters_seen: usize,
}

impl Player {
    fn perform(&mut self, binding: &mut Binding, step: &Value) -> Result<(), String> {
        let text = |at: usize| step[at].as_str().unwrap_or_default();
        match text(0) {
            "batch" => {
                for each in step[1].as_array().expect("steps") {
                    self.perform(binding, each)?;
                }
            }
            "spawn" => binding.spawn(text(1), &step[2], Pid::NONE),
            "tell" => self.outcome = binding.send(binding.pid(text(1)), text(2)),
            "flood" => {
                let pid = binding.pid(text(1));
                binding.flood(pid, step[2].as_u64().expect("a number"));
            }
            "ask" => binding.ask(text(1), binding.pid(text(2)), text(3)),
            "release" => binding.release(text(1)),
            "answer" => binding.answer_later(text(1)),
            "migrated" => binding.migrated(text(1), text(2)),
            "swap" => binding.swap(text(1), text(2), text(3), &step[4]),
            "rollback" => binding.roll_back(text(1), text(2), &step[3]),
            "swapAll" => binding.swap_all(text(1), text(2), &step[3]),
            "plan" => binding.plan(text(1), text(2), &step[3]),
            "suspend" => binding.suspend(text(1), true),
            "resume" => binding.suspend(text(1), false),
            "kill" => binding.kill(text(1)),
            "watch" => binding.watch(text(1), text(2)),
            "advance" => binding.advance(step[1].as_f64().expect("ms")),
            _ => return self.look(binding, step),
        }
        Ok(())
    }

    fn look(&mut self, binding: &mut Binding, step: &Value) -> Result<(), String> {
        let text = |at: usize| step[at].as_str().unwrap_or_default();
        let (found, wanted) = match text(0) {
            "outcome" => (json!(self.outcome), &step[1]),
            "log" => (json!(binding.logs.remove(text(1)).unwrap_or_default()), &step[2]),
            "result" => (json!(binding.results.get(text(1))), &step[2]),
            "report" | "planned" => (json!(binding.reports.get(text(1))), &step[2]),
            "alive" => (json!(binding.shard.is_alive(binding.pid(text(1)))), &step[2]),
            "whereis" => (json!(binding.shard.whereis(text(1)).map(|pid| binding.name(pid))), &step[2]),
            "ended" => (json!(binding.ended.get(text(1))), &step[2]),
            "events" => (json!(std::mem::take(&mut binding.events)), &step[1]),
            "dead" => {
                let new = binding.letters[self.letters_seen..].to_vec();
                self.letters_seen = binding.letters.len();
                (json!(new), &step[1])
            }
            "info" => return info(binding, text(1), &step[2]),
            other => panic!("unknown step {other}"),
        };
        expect(&found, wanted)
    }
}

fn info(binding: &mut Binding, name: &str, wanted: &Value) -> Result<(), String> {
    binding.flush();
    let pid = binding.pid(name);
    let info = binding.shard.info(pid).ok_or("it is gone")?;
    let links: Vec<_> = info.links.iter().map(|pid| binding.name(*pid)).collect();
    for (key, wanted) in wanted.as_object().expect("an object") {
        let found = match key.as_str() {
            "mailbox" => json!(info.mailbox),
            "links" => json!(links),
            "status" => json!(format!("{:?}", info.status).to_lowercase()),
            "version" => json!(binding.meter(pid).swap.running().0.to_string()),
            other => panic!("unknown info {other}"),
        };
        expect(&found, wanted).map_err(|why| format!("{key}: {why}"))?;
    }
    Ok(())
}

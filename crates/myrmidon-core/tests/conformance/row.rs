//! Reads a row and holds the isolate against it.

use crate::isolate::{Isolate, Payload};
use myrmidon_core::{pid::Pid, record::flag};
use serde_json::{Value, json};

/// `Err`: the first step that does not hold.
pub fn run(row: &Value, shards: usize, first: usize) -> Result<(), String> {
    let mut isolate = Isolate::new(shards, first);
    let mut outcome = "";
    let mut letters_seen = 0;
    for step in row["steps"].as_array().expect("steps") {
        perform(&mut isolate, step, &mut outcome, &mut letters_seen).map_err(|why| format!("{step}: {why}"))?;
        isolate.settle();
    }
    Ok(())
}

fn expect(found: &Value, wanted: &Value) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("found {found}")) }
}

fn perform(
    isolate: &mut Isolate,
    step: &Value,
    outcome: &mut &'static str,
    letters_seen: &mut usize,
) -> Result<(), String> {
    let text = |at: usize| step[at].as_str().unwrap_or_default();
    match text(0) {
        "batch" => {
            for each in step[1].as_array().expect("steps") {
                perform(isolate, each, outcome, letters_seen)?;
            }
        }
        "spawn" => isolate.spawn(text(1), &step[2], Pid::NONE)?,
        "spawnFails" => match isolate.spawn(text(1), &step[2], Pid::NONE) {
            Ok(()) => return Err("it started".into()),
            Err(why) => return expect(&json!(why), &step[3]),
        },
        "tell" => *outcome = isolate.send(isolate.pid(text(1)), Pid::NONE, Payload::Note(text(2).into()), 0),
        "urgent" => {
            *outcome = isolate.send(isolate.pid(text(1)), Pid::NONE, Payload::Urgent(text(2).into()), flag::PRIORITY);
        }
        "peek" => {
            *outcome = isolate.send(isolate.pid(text(1)), Pid::NONE, Payload::Peek(text(2).into()), flag::REENTRANT);
        }
        "enter" => {
            *outcome = isolate.send(isolate.pid(text(1)), Pid::NONE, Payload::Do(step[2].clone()), flag::REENTRANT);
        }
        "flood" => {
            for number in 0..step[2].as_u64().expect("a number") {
                let _ = isolate.send(isolate.pid(text(1)), Pid::NONE, Payload::Note(number.to_string()), 0);
            }
        }
        "repeat" => {
            for _ in 0..step[1].as_u64().expect("a number") {
                for each in step[2].as_array().expect("steps") {
                    perform(isolate, each, outcome, letters_seen)?;
                    isolate.settle();
                }
            }
        }
        "do" => {
            let _ = isolate.send(isolate.pid(text(1)), Pid::NONE, Payload::Do(step[2].clone()), 0);
        }
        "ask" => isolate.ask(step),
        "release" => isolate.release(text(1)),
        "answer" => isolate.answer(text(1), text(2)),
        "kill" => isolate.exit(isolate.pid(text(1)), Pid::NONE, "Killed"),
        "exit" => isolate.exit(isolate.pid(text(1)), Pid::NONE, text(2)),
        "stop" => isolate.stop(text(1)),
        "watch" => isolate.watch(text(1), text(2)),
        "unwatch" => isolate.unwatch(text(1)),
        "advance" => isolate.advance(step[1].as_f64().expect("ms")),
        "outcome" => return expect(&json!(outcome), &step[1]),
        "log" => return expect(&json!(isolate.logs.remove(text(1)).unwrap_or_default()), &step[2]),
        "alive" => return expect(&json!(isolate.is_alive(isolate.pid(text(1)))), &step[2]),
        "whereis" => return expect(&json!(isolate.whereis(text(1)).map(|pid| isolate.name(pid))), &step[2]),
        "ended" => return expect(&json!(isolate.ended.get(text(1))), &step[2]),
        "result" => return expect(&json!(isolate.results.get(text(1))), &step[2]),
        "dead" => {
            let new = isolate.letters[*letters_seen..].to_vec();
            *letters_seen = isolate.letters.len();
            return expect(&json!(new), &step[1]);
        }
        "deadCount" => {
            let new = isolate.letters.len() - *letters_seen;
            *letters_seen = isolate.letters.len();
            return expect(&json!(new), &step[1]);
        }
        "info" => {
            let info = isolate.info(isolate.pid(text(1))).ok_or("it is gone")?;
            let links: Vec<_> = info.links.iter().map(|pid| isolate.name(*pid)).collect();
            for (key, wanted) in step[2].as_object().expect("an object") {
                match key.as_str() {
                    "mailbox" => expect(&json!(info.mailbox), wanted)?,
                    "links" => expect(&json!(links), wanted)?,
                    "status" => expect(&json!(format!("{:?}", info.status).to_lowercase()), wanted)?,
                    other => panic!("unknown info {other}"),
                }
            }
        }
        other => panic!("unknown step {other}"),
    }
    Ok(())
}

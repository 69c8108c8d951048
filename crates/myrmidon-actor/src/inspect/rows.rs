//! The rows of `conformance/inspector` on a worker shard, with a clock that the rows move. What a step means:
//! `conformance/inspector/README.md`.
//!
//! A trace in Rust shows of what goes out whom it went to and of which type it was, and of an answer that there was one: the
//! rows are compared as far as that.

mod play;
mod probe;

use crate::clock;
use serde_json::Value;
use std::{fs, path::Path};

/// Rows that have no meaning here, and why.
const ELSEWHERE: [(&str, &str); 11] = [
    ("I6", "a question is passed on by telling somebody its ReplyTo: there is no other way to forward it"),
    ("I7", "an answer that is given outside of its actor is not the actor's; tests/inspect.rs has one that is"),
    ("I8", "a crash is an event of its own, behind what was sent before it; tests/inspect.rs has the case"),
    ("I9", "an actor has no next message of its own making: what it tells itself goes behind its queue"),
    ("I11", "an actor answers once: there are no streams"),
    ("I12", "a message that is refused is given back to its sender, and was not sent"),
    ("I13", "a name is looked up before it is told, and whoever tells from within a handler is the sender"),
    ("I15", "an actor's destructor is no handler, and belongs to nobody who is traced"),
    ("I21", "what is left out is read beside the events, and ends of handlers count; tests/inspect.rs has the case"),
    ("I30", "statistics that have ended begin anew; tests/inspect.rs has the case"),
    ("I42", "the state is with the handler while that waits, so that a look waits, too"),
];

#[test]
fn every_row_holds() {
    let _clock = clock::tests::alone();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/inspector/rows.json");
    let rows: Vec<Value> = serde_json::from_str(&fs::read_to_string(&file).expect("a readable file")).expect("JSON");
    let (mut failures, mut left_out) = (Vec::new(), 0);
    for row in &rows {
        let id = row["id"].as_str().expect("an id");
        if ELSEWHERE.iter().any(|(other, _)| *other == id) {
            left_out += 1;
        } else if let Err(why) = play::run(row) {
            failures.push(format!("{id} {}: {why}", row["title"]));
        }
    }
    assert_eq!(left_out, ELSEWHERE.len(), "reasons for rows that are not there");
    assert!(rows.len() - left_out > 14, "the rows were not found");
    assert!(failures.is_empty(), "{} of {} rows fail:\n{}", failures.len(), rows.len(), failures.join("\n"));
}

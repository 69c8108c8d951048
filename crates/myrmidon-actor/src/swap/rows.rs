//! The rows of `conformance/swap` on worker shards: real threads, a clock that the rows move. What a step means:
//! `conformance/swap/README.md`.
//!
//! A step's outcome is waited for by asking the shard whether it has come to rest (`rest`), and never by time.

mod meter;
mod play;
mod text;
mod upgrades;

use crate::clock;
use serde_json::Value;
use std::{fs, path::Path};

/// Rows that have no meaning here, and why.
const ELSEWHERE: [(&str, &str); 6] = [
    ("H6", "a thread outside of all actors is told of no full mailbox: the message is a dead letter"),
    ("H7", "a batch is not looked into while it is under way; tests/swap.rs has the case"),
    ("H16", "a state is moved into its migration, and never shared with it"),
    ("H17", "a state is moved into its migration, and never shared with it"),
    ("H33", "a ref holds nothing, so that one of an actor that has ended does not know why"),
    (
        "H56",
        "an asynchronous handler that crashes takes its state along; tests/swap.rs has the case for one that is none",
    ),
];

#[test]
fn every_row_holds() {
    let _clock = clock::tests::alone();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/swap/rows.json");
    let rows: Vec<Value> = serde_json::from_str(&fs::read_to_string(&file).expect("a readable file")).expect("JSON");
    assert!(rows.len() > 80, "the rows were not found");
    std::panic::set_hook(Box::new(|_| {}));
    let (mut failures, mut left_out) = (Vec::new(), 0);
    for row in &rows {
        let id = row["id"].as_str().expect("an id");
        if ELSEWHERE.iter().any(|(other, _)| *other == id) {
            left_out += 1;
        } else if let Err(why) = play::run(row) {
            failures.push(format!("{id} {}: {why}", row["title"]));
        }
    }
    let _hook = std::panic::take_hook();
    assert_eq!(left_out, ELSEWHERE.len(), "reasons for rows that are not there");
    assert!(failures.is_empty(), "{} of {} rows fail:\n{}", failures.len(), rows.len(), failures.join("\n"));
}

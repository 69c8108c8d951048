//! The rows of `conformance/` against the Rust core. What a step means: `conformance/README.md`.
//!
//! `isolate` plays the part of a language binding: it submits records, handles deliveries, keeps payloads.

#[path = "conformance/isolate.rs"]
mod isolate;
#[path = "conformance/row.rs"]
mod row;

use serde_json::Value;
use std::{fs, path::Path};

/// Rows that cannot hold when whoever sends is on another shard than the receiver, and why.
const NOT_FROM_AFAR: &[(&str, &str)] = &[
    (
        "B4",
        "whether a mailbox is full is known on its shard alone: the message is accepted, and a dead letter there (G111)",
    ),
    ("B5", "the same"),
    ("B16", "the same"),
    ("B20", "shards have no batch in common: a kill acts when its packet arrives"),
];

/// Rows about the order in which two actors are served: that of one thread. Shards take no turns.
const ON_ONE_SHARD: &[&str] = &["F1", "F2", "F3", "F4", "F5"];

fn is_for_many(row: &Value) -> bool {
    !ON_ONE_SHARD.iter().any(|id| row["id"] == *id)
}

/// Every row.
fn rows() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the conformance folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "json") && !path.ends_with("not-here.json"))
        .collect();
    files.sort();
    let read = |file| -> Vec<Value> {
        serde_json::from_str(&fs::read_to_string(file).expect("a readable file")).expect("JSON")
    };
    let rows: Vec<Value> = files.iter().flat_map(read).collect();
    assert!(rows.len() > 50, "the rows were not found");
    rows
}

fn check(rows: &[Value], shards: usize, first: usize) {
    let failures: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            row::run(row, shards, first).err().map(|why| format!("{} {}: {why}", row["id"], row["title"]))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {} rows fail:\n{}", failures.len(), rows.len(), failures.join("\n"));
}

#[test]
fn every_row_holds() {
    check(&rows(), 1, 0);
}

/// The outside and the first actor are on one shard.
#[test]
fn every_row_holds_with_its_actors_on_two_shards_by_turns() {
    check(&rows().into_iter().filter(is_for_many).collect::<Vec<_>>(), 2, 0);
}

/// The outside is on one shard and the first actor on the other.
#[test]
fn every_row_holds_with_its_actors_on_two_shards_by_turns_away_from_the_outside() {
    let holds = |row: &Value| !NOT_FROM_AFAR.iter().any(|(id, _)| row["id"] == *id);
    let rows: Vec<Value> = rows().into_iter().filter(is_for_many).filter(holds).collect();
    check(&rows, 2, 1);
}

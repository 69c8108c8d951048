//! The rows of `conformance/supervisor` against the machines, in a shell in miniature under virtual time.

#[path = "supervisor/dice.rs"]
mod dice;
#[path = "supervisor/program.rs"]
mod program;
#[path = "supervisor/row.rs"]
mod row;
#[path = "supervisor/tree.rs"]
mod tree;
#[path = "supervisor/world.rs"]
mod world;

use serde_json::Value;
use std::{collections::HashMap, fs, path::Path};

fn read(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/supervisor").join(name);
    serde_json::from_str(&fs::read_to_string(path).expect("a readable file")).expect("JSON")
}

#[test]
fn every_row_holds_or_says_why_not() {
    let mut elsewhere: HashMap<String, String> = read("not-in-rust.json")
        .iter()
        .map(|row| (row["id"].as_str().expect("an id").into(), row["why"].as_str().expect("a reason").into()))
        .collect();
    let rows = read("rows.json");
    let mut failures = Vec::new();
    for row in &rows {
        let id = row["id"].as_str().expect("an id");
        if elsewhere.remove(id).is_some() {
            continue;
        }
        if let Err(why) = row::run(row) {
            failures.push(format!("{id} {}: {why}", row["title"]));
        }
    }
    assert!(rows.len() > 60, "the rows were not found");
    assert!(elsewhere.is_empty(), "reasons for rows that are not there: {elsewhere:?}");
    assert!(failures.is_empty(), "{} of {} rows fail:\n{}", failures.len(), rows.len(), failures.join("\n"));
}

/// What is checked in is what the machines do, so that the TypeScript side is held against them and not against history.
#[test]
fn random_programs_are_those_that_are_checked_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/supervisor/random.json");
    let count = read("random.json").len() as u64;
    assert!(count >= 24, "there are a few dozen");
    assert!(
        fs::read_to_string(path).expect("a readable file") == program::file(1..1 + count),
        "cargo run -p myrmidon-core --example supervisor_programs -- 1 {count} > conformance/supervisor/random.json"
    );
}

/// G86, G90, G94: whatever happens to a random tree, nobody is started twice, outlives its supervisor or is left over.
#[test]
fn random_programs_keep_the_promises_of_a_shell() {
    let mut ends = 0;
    for seed in 100_000..101_500 {
        let program = program::program(seed);
        assert_eq!(row::run(&program), Ok(()), "seed {seed}");
        ends += usize::from(program["steps"].to_string().contains("restart intensity of"));
    }
    assert!(ends > 50, "only {ends} trees escalated");
}

//! The rows of `conformance/supervisor` against the machines, in a shell in miniature under virtual time.

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

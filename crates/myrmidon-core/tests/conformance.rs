//! The rows of `conformance/` against the Rust core. What a step means: `conformance/README.md`.
//!
//! `isolate` plays the part of a language binding: it submits records, handles deliveries, keeps payloads.

#[path = "conformance/isolate.rs"]
mod isolate;
#[path = "conformance/row.rs"]
mod row;

use serde_json::Value;
use std::{fs, path::Path};

#[test]
fn every_row_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the conformance folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "json") && !path.ends_with("not-here.json"))
        .collect();
    files.sort();
    let mut failures = Vec::new();
    let mut count = 0;
    for file in files {
        let rows: Vec<Value> =
            serde_json::from_str(&fs::read_to_string(&file).expect("a readable file")).expect("JSON");
        for row in rows {
            count += 1;
            if let Err(why) = row::run(&row) {
                failures.push(format!("{} {}: {why}", row["id"], row["title"]));
            }
        }
    }
    assert!(count > 50, "the rows were not found");
    assert!(failures.is_empty(), "{} of {count} rows fail:\n{}", failures.len(), failures.join("\n"));
}

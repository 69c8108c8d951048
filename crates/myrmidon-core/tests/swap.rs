//! The rows of `conformance/swap` against the Rust core. What a step means: `conformance/swap/README.md`.
//!
//! `binding` plays the part of a language binding over a real `Shard`: queues, names, links, monitors, timers and the
//! holding still are the shard's; what a swap does is the machine's; states, handlers and migrations are the binding's.

#[path = "swap/binding.rs"]
mod binding;
#[path = "swap/meter.rs"]
mod meter;
#[path = "swap/row.rs"]
mod row;
#[path = "swap/swaps.rs"]
mod swaps;
#[path = "swap/upgrades.rs"]
mod upgrades;

use serde_json::Value;
use std::{fs, path::Path};

#[test]
fn every_row_holds() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/swap/rows.json");
    let rows: Vec<Value> = serde_json::from_str(&fs::read_to_string(&file).expect("a readable file")).expect("JSON");
    assert!(rows.len() > 80, "the rows were not found");
    let failures: Vec<String> = rows
        .iter()
        .filter_map(|row| row::run(row).err().map(|why| format!("{} {}: {why}", row["id"], row["title"])))
        .collect();
    assert!(failures.is_empty(), "{} of {} rows fail:\n{}", failures.len(), rows.len(), failures.join("\n"));
}

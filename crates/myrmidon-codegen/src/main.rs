//! Writes what crosses a language border into the languages that read it: `cargo run -p myrmidon-codegen`.
//!
//! The one source is `myrmidon-core`; this crate links it, so that the values are the compiler's. What it writes is
//! checked in, and `-- --check` (also a test, below) fails when it differs from what the source says now.

#![allow(
    clippy::format_collect,
    clippy::format_push_string,
    reason = "a few short files are written, and clarity wins"
)]

mod exit_reason;
mod layout;
mod numbers;
mod typescript;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

/// The package that reads and writes records.
const MEMBRANE: &str = "packages/core-native/src/generated";
/// The package that has a shard of its own, in TypeScript, and knows no record.
const ACTOR: &str = "packages/actor/src/internal/generated";

/// Every generated file, from the repository's root.
fn files() -> Vec<(PathBuf, String)> {
    [
        (MEMBRANE, "layout.ts", layout::module()),
        (MEMBRANE, "exitReason.ts", exit_reason::module()),
        (ACTOR, "numbers.ts", numbers::module()),
        (ACTOR, "exitReason.ts", exit_reason::module()),
    ]
    .map(|(folder, name, text)| (Path::new(folder).join(name), text))
    .into()
}

/// Where the repository is: this crate stands two folders below its root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files whose checked-in text is not what the source says.
fn drifted() -> Vec<PathBuf> {
    let differs = |path: &Path, text: &str| fs::read_to_string(root().join(path)).ok().as_deref() != Some(text);
    files().into_iter().filter(|(path, text)| differs(path, text)).map(|(path, _)| path).collect()
}

fn write() -> std::io::Result<()> {
    for (path, text) in files() {
        let full = root().join(&path);
        if let Some(folder) = full.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(full, text)?;
        println!("{}", path.display());
    }
    Ok(())
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => match write() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("cannot write: {error}");
                ExitCode::FAILURE
            }
        },
        ["--check"] => {
            let stale = drifted();
            for path in &stale {
                eprintln!("{} is stale: run `cargo run -p myrmidon-codegen`", path.display());
            }
            if stale.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        _ => {
            eprintln!("usage: cargo run -p myrmidon-codegen [-- --check]");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_checked_in_is_what_the_source_says() {
        assert_eq!(super::drifted(), Vec::<std::path::PathBuf>::new(), "run `cargo run -p myrmidon-codegen`");
    }
}

//! Node's door to the Myrmidon shard: convert, call once, convert back. It decides nothing.
//!
//! A library, of which two kinds of addons are made: that of `@myrmidonjs/core-native`, which is this and nothing else
//! (`addon/`), and those of users that link behaviours in Rust ([`behaviors`]). Either is the whole runtime of its systems:
//! one shared object, one directory of shards, one table of tags and buffers.
//!
//! - `shard.rs`: one shard of one isolate, as a JavaScript class; the cold half of its face
//! - `cell.rs`: what it is behind that class: the hot calls, and its end
//! - `hot.rs`: `tick` and what else is called for messages, exported by hand (`raw.rs`): a generated wrapper costs four
//!   times as much a call
//! - `buffers.rs`: the typed arrays that both sides read and write
//! - `buffer.rs`: blocks of memory that are handed over without a copy; `pool.rs`: those of one isolate
//! - `bell.rs`: the doorbell that wakes the isolate, safe while its environment is torn down
//! - `reason.rs`, `info.rs`, `options.rs`: data as it crosses
//! - `tags.rs`: tags of messages as numbers that hold in every isolate
//! - `rust.rs`: worker shards with the behaviours of an addon that links some
//! - `relay.rs`: dead letters and crashes of those, for the isolate that opened their system
//! - `flood.rs`: a native thread that sends, for tests and benchmarks
//!
//! Rules: nothing here calls JavaScript, but the doorbell, from its own queue. Every export catches panics. State is
//! per environment, so the addon may be loaded in any number of workers; what must outlive an isolate lives in
//! `myrmidon_runtime::Directory`.
#![allow(
    clippy::needless_pass_by_value,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::trivially_copy_pass_by_ref,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the shapes of #[napi] items are those of their JavaScript callers, whose numbers are all f64: a cast of one \
              saturates, and what comes out is checked where it is used"
)]
#![cfg_attr(test, allow(dead_code, reason = "under test napi registers nothing, so nothing is used"))]

mod bell;
mod buffer;
mod buffers;
mod cell;
mod flood;
mod hot;
mod info;
mod names;
mod options;
mod pool;
mod raw;
mod reason;
mod relay;
mod rust;
mod shard;
mod tags;

// What an addon needs besides, in the versions that fit: `#[napi_derive::module_init]` wants the name `napi` in scope.
pub use myrmidon_actor;
pub use napi;
pub use napi_derive;
pub use rust::{StartFailed, behaviors};

use napi_derive::napi as export;

/// The version of the record layout: the TypeScript side refuses an addon with another one.
#[export(catch_unwind)]
pub fn abi_version() -> u32 {
    myrmidon_core::record::ABI_VERSION
}

/// A new system without shards; its handle, which may be passed to other threads. It ends with its last shard.
#[export(catch_unwind)]
pub fn open_system() -> u32 {
    myrmidon_runtime::System::open().handle()
}

/// Panics. For the test that a panic is a JavaScript error.
#[export(catch_unwind)]
pub fn panic_for_test() {
    panic!("on purpose");
}

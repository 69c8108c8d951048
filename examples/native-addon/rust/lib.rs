//! An addon of one's own: the runtime of Myrmidon, and three behaviours in Rust.
//!
//! `ActorSystem.layer({ addon, rustShards })` loads this file instead of the runtime's own addon, starts worker shards, and
//! runs what is given to `behaviors`: from then on TypeScript finds the actors by their names.

mod image;
mod library;
mod numbers;

use image::Image;
use library::Library;
use myrmidon_node::{myrmidon_actor::Spawn, napi, napi_derive::module_init};
use numbers::Numbers;

#[module_init]
fn init() {
    myrmidon_node::behaviors(|runtime| {
        runtime.spawn_with(&Spawn::new().named("library"), Library::default())?;
        runtime.spawn_with(&Spawn::new().named("image"), Image)?;
        runtime.spawn_with(&Spawn::new().named("numbers"), Numbers::default())?;
        Ok(())
    });
}

//! Node's door to what the holders of names understand: a text that the isolates of TypeScript write and read, and of which
//! Rust writes the first half (`crates/myrmidon-actor/src/body.rs`).

use crate::info::to_js;
use myrmidon_core::pid::Pid;
use myrmidon_runtime::System;
use napi_derive::napi;

/// Who has a name, and what that one understands.
#[napi(object)]
pub struct SpokenData {
    /// The holder.
    pub pid: f64,
    /// As it was announced; empty: nobody has said it.
    pub spoken: String,
}

/// Says what an actor understands that has a name, or is about to get one.
#[napi(catch_unwind)]
pub fn announce(system: u32, low: u32, generation: u32, spoken: String) {
    if let Some(system) = System::find(system) {
        system.announce(Pid::from_words(low, generation), &spoken);
    }
}

/// Who has a name in a system, and what that one understands; `null`: nobody.
#[napi(catch_unwind)]
pub fn spoken_by(system: u32, name: String) -> Option<SpokenData> {
    let (pid, spoken) = System::find(system)?.spoken(&name)?;
    Some(SpokenData { pid: to_js(pid), spoken: spoken.as_deref().unwrap_or_default().to_owned() })
}

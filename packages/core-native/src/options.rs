//! What a shard is made of, as JavaScript says it: checked by who makes the shard.

use napi::bindgen_prelude::{BigInt, Unknown};
use napi_derive::napi;

/// Sizes and choices of a shard.
#[napi(object)]
pub struct ShardOptions {
    /// Actors that may live at a time.
    pub max_actors: u32,
    /// Capacity of a mailbox that does not say its own.
    pub capacity: u32,
    /// Records that may wait from other threads.
    pub inbox: u32,
    /// Tests: one message a slice, in an order made from this.
    pub seed: Option<BigInt>,
    /// A handle of `openSystem`: the shard joins that system.
    pub system: Option<u32>,
    /// Tests: the doorbell of an isolate whose event loop is not known.
    pub function_bell: Option<bool>,
}

/// The typed arrays of `Buffers`.
#[napi(object, object_to_js = false)]
pub struct SharedArrays<'a> {
    /// `Uint32Array`
    pub submissions: Unknown<'a>,
    /// `Uint32Array`
    pub completions: Unknown<'a>,
    /// `Int32Array`
    pub control: Unknown<'a>,
    /// `Uint32Array`, a bit per slab index up to `maxActors`
    pub congested: Unknown<'a>,
    /// `Uint32Array`
    pub reserve: Unknown<'a>,
    /// `Float64Array`
    pub call: Unknown<'a>,
    /// `Uint32Array`, with `system`
    pub outgoing: Option<Unknown<'a>>,
    /// `Uint32Array`, with `system`
    pub incoming: Option<Unknown<'a>>,
}

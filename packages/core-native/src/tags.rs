//! Node's door to `myrmidon_runtime::tags`: the one table of the process.

use myrmidon_runtime::tags::Tags;
use napi::{Error, Result};
use napi_derive::napi;

/// The number of a tag between isolates, 1 or more; 0: the table is full.
#[napi(catch_unwind)]
pub fn tag_number(tag: String) -> u32 {
    Tags::global().number(&tag).map_or(0, u32::from)
}

/// The tag of a number.
///
/// # Errors
/// Nobody has it.
#[napi(catch_unwind)]
pub fn tag_of(number: u32) -> Result<String> {
    let tag = u16::try_from(number).ok().and_then(|number| Tags::global().tag(number));
    tag.map(|tag| tag.to_string()).ok_or_else(|| Error::from_reason(format!("no tag has the number {number}")))
}

/// Messages of this tag may carry buffers from now on.
#[napi(catch_unwind)]
pub fn tag_moves(number: u32) {
    if let Ok(number) = u16::try_from(number) {
        Tags::global().mark_moving(number);
    }
}

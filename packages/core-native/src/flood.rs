//! A native thread that sends numbers to an actor, through the inbox and the doorbell of its shard: the shape of every
//! later producer (a socket, a worker shard), for tests and benchmarks.

use myrmidon_core::{
    pid::Pid,
    record::{Record, WORDS, flag, submission, word},
};
use myrmidon_runtime::{Directory, Refusal};
use napi::{Error, Result, Status};
use napi_derive::napi;
use std::{thread, time::Duration};

/// Sends the numbers 0 to n - 1 to `pid` as messages with tag `op`, `batch` records at a time. Returns at once.
#[napi(catch_unwind)]
pub fn flood(pid: f64, op: u32, n: u32, batch: u32) -> Result<()> {
    let invalid = |what: &str| Error::new(Status::InvalidArg, what.to_owned());
    // A number that is no PID becomes 0 or the highest u64 here, and neither is one.
    let pid = Pid::from_u64(pid as u64).ok_or_else(|| invalid("not a PID"))?;
    let shard = Directory::global().handle(pid.shard()).ok_or_else(|| invalid("no such shard"))?;
    thread::Builder::new()
        .name("myrmidon-flood".to_owned())
        .spawn(move || {
            let mut records: Vec<Record> = Vec::with_capacity(batch.max(1) as usize);
            let mut next = 0;
            while next < n {
                records.clear();
                records.extend((next..n).take(batch.max(1) as usize).map(|number| number_to(pid, op, number)));
                next += records.len() as u32;
                let mut rest = &records[..];
                while let Err(refused) = shard.send(rest) {
                    if refused.why == Refusal::Closed {
                        return;
                    }
                    rest = &rest[refused.accepted..];
                    // The owner drains thousands of records in this time; nothing is gained by asking sooner.
                    thread::sleep(Duration::from_micros(50));
                }
            }
        })
        .map_err(|error| Error::from_reason(error.to_string()))?;
    Ok(())
}

fn number_to(pid: Pid, op: u32, number: u32) -> Record {
    let bits = f64::from(number).to_bits();
    let mut record = [0; WORDS];
    record[word::TO] = pid.low();
    record[word::TO_GENERATION] = pid.generation();
    record[word::HEAD] = submission::SEND | flag::INLINE << 8 | op << 16;
    record[word::A] = bits as u32;
    record[word::B] = (bits >> 32) as u32;
    record
}

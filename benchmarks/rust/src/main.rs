//! One workload of one peer, once, in this process; prints one JSON line. The words are those of `benchmarks/README.md`.
//!
//! Completed work only: a program counts where the work is done, and stops its own clock when the last handler has run.

mod fair;
mod ours;
mod peers;
mod random;

use std::{
    collections::BTreeMap,
    process::ExitCode,
    time::{Duration, Instant},
};

/// What a program measured.
pub struct Measured {
    pub completed: u64,
    pub took: Duration,
    pub extra: BTreeMap<&'static str, f64>,
}

/// Time on the clock, and of the process's threads: on a busy machine the second says more.
pub struct Watch {
    began: Instant,
    cpu: Duration,
}

impl Watch {
    pub fn start() -> Self {
        Self { began: Instant::now(), cpu: cpu() }
    }

    pub fn measured(&self, completed: u64) -> Measured {
        let (took, cpu) = (self.began.elapsed(), cpu().saturating_sub(self.cpu));
        let mut row = Measured { completed, took, extra: BTreeMap::new() };
        row.extra.insert("cpu_ns_per_op", cpu.as_secs_f64() * 1e9 / completed.max(1) as f64);
        row
    }
}

/// What all threads of the process have computed.
fn cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is of a live timespec, which the call alone writes.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Resident bytes of this process.
pub fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

fn size(workload: &str) -> Option<u64> {
    Some(match workload {
        "spawn" => 100_000,
        "spawn-million" => 1_000_000,
        "pingpong" | "skynet" => 1_000_000,
        "count" => 2_000_000,
        "random" => 4_000_000,
        "big" => 600_000,
        "fair" => 100_000,
        _ => return None,
    })
}

/// A peer's programs: what it completed, or nothing where it has none.
type Programs = fn(&str, u64) -> Option<Measured>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |flag: &str| args.iter().position(|arg| arg == flag).and_then(|at| args.get(at + 1)).cloned();
    let workload = args.first().cloned().unwrap_or_default();
    let peer = value("--peer").unwrap_or_else(|| "myrmidon".to_owned());
    let n = value("--n").and_then(|n| n.replace('_', "").parse().ok());
    let Some(n) = n.or_else(|| size(&workload)) else {
        eprintln!("usage: myrmidon-bench <workload> [--peer NAME] [--n N]");
        return ExitCode::from(2);
    };
    let (version, programs): (&str, Programs) = match peer.as_str() {
        "myrmidon" => (env!("CARGO_PKG_VERSION"), ours::run),
        "tokio-mpsc" => (peers::TOKIO, peers::tokio_mpsc::run),
        "actix" => (peers::ACTIX, peers::actix::run),
        "ractor" => (peers::RACTOR, peers::ractor::run),
        "kameo" => (peers::KAMEO, peers::kameo::run),
        _ => {
            eprintln!("no peer {peer}");
            return ExitCode::from(2);
        }
    };
    let head = format!(r#""peer":"{peer}","version":"{version}","workload":"{workload}-rust","n":{n}"#);
    let Some(measured) = programs(&workload, n) else {
        println!(r#"{{{head},"completed":0,"error":"{peer} has no program for it","cannot":true}}"#);
        return ExitCode::FAILURE;
    };
    let Measured { completed, took, extra } = measured;
    if completed != n {
        println!(r#"{{{head},"completed":{completed},"error":"expected {n} completed, got {completed}","cannot":false}}"#);
        return ExitCode::FAILURE;
    }
    let seconds = took.as_secs_f64();
    let (per_s, ns) = (completed as f64 / seconds, seconds * 1e9 / completed as f64);
    let extra: String = extra.iter().map(|(key, value)| format!(r#","{key}":{value:.6}"#)).collect();
    println!(
        r#"{{{head},"completed":{completed},"seconds":{seconds:.6},"per_s":{per_s:.1},"ns_per_op":{ns:.3}{extra}}}"#
    );
    ExitCode::SUCCESS
}

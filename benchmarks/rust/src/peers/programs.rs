//! The workloads, for any peer. A program runs inside of the peer's runtime, and says through a channel what it completed.

use super::{Peer, Start};
use crate::{
    Measured, Watch,
    fair::{LIGHT, burn, measured, schedule},
    random::{ACTORS, BIG, XorShift},
    resident,
};
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{Sender, channel},
    },
    time::{Duration, Instant},
};

/// Messages of a producer's turn, as ours.
const TURN: u64 = 256;

pub fn run<P: Peer>(workload: &str, n: u64) -> Option<Measured> {
    Some(match workload {
        "spawn" | "spawn-million" => spawn::<P>(n),
        "pingpong" => timed::<P>(n, pingpong::<P>),
        "count" => timed::<P>(n, count::<P>),
        "random" => random::<P>(n),
        "big" => timed::<P>(n, big::<P>),
        "fair" => fair::<P>(n),
        _ => return None,
    })
}

fn timed<P: Peer>(n: u64, program: fn(u64, Sender<u64>)) -> Measured {
    let (done, completed) = channel();
    let watch = Watch::start();
    P::run(move || program(n, done));
    let completed = completed.recv().unwrap_or(0);
    watch.measured(completed)
}

fn spawn<P: Peer>(n: u64) -> Measured {
    let (done, completed) = channel();
    let before = resident();
    let watch = Watch::start();
    P::run(move || {
        let started = Arc::new(AtomicU64::new(0));
        let mut actors = Vec::with_capacity(n as usize);
        for at in 0..n {
            let (started, done) = (Arc::clone(&started), done.clone());
            let start: Start = Some(Box::new(move || {
                if started.fetch_add(1, Ordering::Relaxed) + 1 == n {
                    let _: Result<(), _> = done.send(n);
                }
            }));
            let mut state = at;
            actors.push(P::spawn::<u64>(
                start,
                Box::new(move |_, by| {
                    state += by;
                    std::hint::black_box(state);
                }),
            ));
        }
        // They live as long as somebody refers to them.
        std::mem::forget(actors);
    });
    let completed = completed.recv().unwrap_or(0);
    let mut row = watch.measured(completed);
    row.extra.insert("bytes_per_actor", resident().saturating_sub(before) as f64 / n as f64);
    row
}

fn pingpong<P: Peer>(n: u64, done: Sender<u64>) {
    struct Ball<P: Peer>(P::Addr<()>);
    let pong = P::spawn::<Ball<P>>(None, Box::new(|_, Ball(from)| P::tell(&from, ())));
    let (mut left, mut completed) = (n, 0);
    let ping = P::spawn::<()>(
        None,
        Box::new(move |me, ()| {
            if left < n {
                completed += 1;
            }
            if left == 0 {
                let _: Result<(), _> = done.send(completed);
            } else {
                left -= 1;
                P::tell(&pong, Ball(me.clone()));
            }
        }),
    );
    P::tell(&ping, ());
    std::mem::forget(ping);
}

fn count<P: Peer>(n: u64, done: Sender<u64>) {
    enum Count {
        Add(u64),
        Total(Sender<u64>),
    }
    let mut total = 0;
    let counter = P::spawn::<Count>(
        None,
        Box::new(move |_, message| match message {
            Count::Add(by) => total += by,
            Count::Total(done) => drop(done.send(total)),
        }),
    );
    let mut left = n;
    let producer = P::spawn::<()>(
        None,
        Box::new(move |me, ()| {
            for _ in 0..TURN.min(left) {
                P::tell(&counter, Count::Add(1));
            }
            left -= TURN.min(left);
            if left > 0 {
                P::tell(me, ());
            } else {
                P::tell(&counter, Count::Total(done.clone()));
            }
        }),
    );
    P::tell(&producer, ());
    std::mem::forget(producer);
}

enum Add<P: Peer> {
    By(u64),
    Report(P::Addr<Random>),
}
enum Random {
    Start,
    More,
    Sum(u64),
}

fn random<P: Peer>(n: u64) -> Measured {
    let (done, completed) = channel();
    let (ready, prepared) = channel();
    P::run(move || {
        let adder = |_| {
            let mut state = 0;
            P::spawn::<Add<P>>(
                None,
                Box::new(move |_, message| match message {
                    Add::By(by) => state += by,
                    Add::Report(to) => P::tell(&to, Random::Sum(state)),
                }),
            )
        };
        let adders: Vec<_> = (0..ACTORS).map(adder).collect();
        let (mut draws, mut left, mut reports, mut sum) = (XorShift::new(1), n, 0, 0);
        let driver = P::spawn::<Random>(
            None,
            Box::new(move |me, message| {
                if let Random::Sum(part) = message {
                    reports += 1;
                    sum += part;
                    if reports == ACTORS {
                        let _: Result<(), _> = done.send(sum);
                    }
                    return;
                }
                for _ in 0..TURN.min(left) {
                    P::tell(&adders[draws.below(ACTORS)], Add::By(1));
                }
                left -= TURN.min(left);
                if left > 0 {
                    P::tell(me, Random::More);
                } else {
                    for adder in &adders {
                        P::tell(adder, Add::Report(me.clone()));
                    }
                }
            }),
        );
        let _: Result<(), _> = ready.send(driver);
    });
    let driver = prepared.recv().expect("the actors are there");
    let watch = Watch::start();
    P::tell(&driver, Random::Start);
    let completed = completed.recv().unwrap_or(0);
    let row = watch.measured(completed);
    std::mem::forget(driver);
    row
}

enum Big {
    Start(Sender<u64>),
    Ping(usize),
    Pong,
}

fn big<P: Peer>(n: u64, done: Sender<u64>) {
    // Actors know each other by number: not every peer's address may be sent in its own messages.
    let all: Arc<OnceLock<Vec<P::Addr<Big>>>> = Arc::default();
    let member = |at: usize| {
        let (mut draws, mut left, mut completed) = (XorShift::new(at as u32 + 1), n / BIG, 0);
        let (all, mut to) = (Arc::clone(&all), None);
        P::spawn::<Big>(
            None,
            Box::new(move |_, message| {
                let Some(all) = all.get() else { return };
                match message {
                    Big::Ping(from) => return P::tell(&all[from], Big::Pong),
                    Big::Start(done) => to = Some(done),
                    Big::Pong => completed += 1,
                }
                if left > 0 {
                    left -= 1;
                    let other = (at + 1 + draws.below(all.len() - 1)) % all.len();
                    P::tell(&all[other], Big::Ping(at));
                } else if let Some(to) = to.take() {
                    let _: Result<(), _> = to.send(completed);
                }
            }),
        )
    };
    let members: Vec<_> = (0..BIG as usize).map(member).collect();
    let _: Result<(), _> = all.set(members);
    let (part, parts) = channel();
    for actor in all.get().into_iter().flatten() {
        P::tell(actor, Big::Start(part.clone()));
    }
    // A thread of its own adds them up, outside of what the actors do.
    std::thread::spawn(move || {
        let sum = parts.iter().take(BIG as usize).sum();
        let _: Result<(), _> = done.send(sum);
        drop(all);
    });
}

fn fair<P: Peer>(n: u64) -> Measured {
    let (ready, lights) = channel();
    let (late, latencies) = channel();
    P::run(move || {
        for _ in 0..2 {
            let heavy = P::spawn::<()>(
                None,
                Box::new(|me, ()| {
                    burn();
                    P::tell(me, ());
                }),
            );
            P::tell(&heavy, ());
            std::mem::forget(heavy);
        }
        let light = |_| {
            let late: Sender<Duration> = late.clone();
            P::spawn::<Instant>(None, Box::new(move |_, due| late.send(due.elapsed()).expect("somebody counts")))
        };
        let _: Result<(), _> = ready.send((0..LIGHT).map(light).collect::<Vec<_>>());
    });
    let lights = lights.recv().expect("the actors are there");
    let watch = Watch::start();
    schedule(n, |at, due| P::tell(&lights[at], due));
    let all: Vec<Duration> = latencies.iter().take(n as usize).collect();
    measured(all, &watch)
}

//! Storms (G51): many signals of one end are handled a bounded number at a time, light actors are served in between, and
//! the work is linear in how many there are. Work is counted in ticks, records and steps along lists, never in time.

use super::{Shard, ShardConfig, emit::NOTICES};
use crate::{
    exit_reason::ExitReason,
    pid::Pid,
    pool::steps,
    record::{Record, completion, flag, policy, spawn, submission, word},
    signal::PER_PASS,
    tide::{KEPT, QUIET},
};

struct Storm {
    shard: Shard,
    ring: Vec<Record>,
    now: f64,
}

fn record(head: u32, to: Pid, from: Pid, slot: u32, a: u32, b: u32) -> Record {
    [to.low(), to.generation(), from.low(), from.generation(), head, slot, a, b]
}

fn kind(record: &Record) -> u32 {
    record[word::HEAD] & 0xff
}

fn count(records: &[Record], wanted: u32) -> usize {
    records.iter().filter(|record| kind(record) == wanted).count()
}

impl Storm {
    fn new() -> Self {
        let config =
            ShardConfig { shard: 0, max_actors: 100_000, default_capacity: 65_536, seed: None, long_slice_us: 1000 };
        Self { shard: Shard::new(config), ring: vec![Record::default(); 2048], now: 0.0 }
    }

    fn spawn_with(&mut self, flags: u32, capacity: u32, policy: u32) -> Pid {
        let mut reserved = [Pid::NONE];
        assert_eq!(self.shard.reserve(&mut reserved), 1);
        self.ingest(&[record(submission::SPAWN | flags << 8, reserved[0], Pid::NONE, 0, capacity, policy)]);
        reserved[0]
    }

    fn spawn(&mut self) -> Pid {
        self.spawn_with(0, 0, policy::REJECT)
    }

    fn ingest(&mut self, records: &[Record]) {
        assert_eq!(self.shard.tick(self.now, records, &mut self.ring, 0), 0);
    }

    /// One tick whose batch is handled to its end, each slice in no time.
    fn tick(&mut self, records: &[Record]) -> Vec<Record> {
        let written = self.shard.tick(self.now, records, &mut self.ring, 512);
        let batch = self.ring[..written].to_vec();
        for (at, record) in batch.iter().enumerate() {
            if kind(record) == completion::SLICE {
                self.ring[at][word::B] = record[word::A];
            }
        }
        batch
    }

    fn kill(&mut self, pid: Pid) {
        let killed = self.shard.intern_reason(ExitReason::Killed);
        self.ingest(&[record(submission::EXIT, pid, Pid::NONE, 0, killed, 0)]);
    }

    /// Ticks until nothing is left, and asks a light actor in each of them: what came out, one list for each tick.
    fn weather(&mut self, light: Pid) -> Vec<Vec<Record>> {
        let mut ticks = Vec::new();
        loop {
            let batch = self.tick(&[record(submission::SEND, light, Pid::NONE, 1, 0, 0)]);
            let served =
                batch.iter().any(|record| kind(record) == completion::MESSAGE && record[word::TO] == light.low());
            assert!(served, "the light actor waited in tick {}", ticks.len());
            let over = batch.len() == 2 && self.shard.stats().signals == 0;
            ticks.push(batch);
            if over {
                return ticks;
            }
        }
    }
}

#[test]
fn g51_a_link_storm_takes_one_signal_a_link_and_serves_a_light_actor_in_every_pass() {
    for n in [1000, 4000] {
        let mut storm = Storm::new();
        let (hub, light) = (storm.spawn(), storm.spawn());
        for _ in 0..n {
            let pid = storm.spawn();
            storm.ingest(&[record(submission::LINK, hub, pid, 0, 0, 0)]);
        }
        let before = steps();
        storm.kill(hub);
        let ticks = storm.weather(light);
        // A LinkExit and a Freed for each actor, and the hub's own Exit and Freed; the last ones make no record.
        assert_eq!(ticks.len(), (2 * n + 2usize).div_ceil(PER_PASS));
        let dead: Vec<usize> = ticks.iter().map(|batch| count(batch, completion::DEAD)).collect();
        assert_eq!(dead.iter().sum::<usize>(), n + 1);
        assert!(dead.iter().all(|dead| *dead <= PER_PASS));
        assert!(steps() - before <= 2 * n, "{} steps along lists for {n} links", steps() - before);
        let stats = storm.shard.stats();
        assert_eq!((stats.actors, stats.links, stats.queued), (1, 0, 1));
    }
}

#[test]
fn g51_a_watch_storm_takes_one_signal_a_watch() {
    let n = 4000;
    let mut storm = Storm::new();
    let (hub, light) = (storm.spawn(), storm.spawn());
    for reference in 0..n {
        storm.ingest(&[record(submission::MONITOR, hub, Pid::NONE, reference, 0, 0)]);
    }
    let before = steps();
    storm.kill(hub);
    let ticks = storm.weather(light);
    assert_eq!(ticks.len(), (n as usize + 2).div_ceil(PER_PASS) + 1);
    assert_eq!(ticks.iter().map(|batch| count(batch, completion::OUTSIDE_DOWN)).sum::<usize>(), n as usize);
    assert!(steps() - before <= 2 * n as usize);
    assert_eq!(storm.shard.stats().monitors, 0);
}

#[test]
fn g51_a_storm_of_failed_calls_serves_a_light_actor_in_every_tick() {
    let n = 5000;
    let mut storm = Storm::new();
    let (hub, light) = (storm.spawn(), storm.spawn());
    for token in 1..=n {
        storm.ingest(&[record(submission::SEND | flag::CALL << 8, hub, Pid::NONE, token, token, u32::MAX)]);
    }
    let before = steps();
    storm.kill(hub);
    let ticks = storm.weather(light);
    let told = |kind| ticks.iter().map(|batch| count(batch, kind)).sum::<usize>();
    assert_eq!((told(completion::CALL_ENDED), told(completion::DEAD_LETTER)), (n as usize, n as usize));
    assert!(ticks.len() <= 2 * n as usize / NOTICES + 3);
    assert!(steps() - before <= n as usize);
    assert_eq!(storm.shard.stats().calls, 0);
}

#[test]
fn g33_a_trapper_that_ends_forgets_queued_exits_in_one_walk() {
    let n = 2000;
    let mut storm = Storm::new();
    let hub = storm.spawn_with(spawn::TRAP_EXIT, 0, policy::REJECT);
    storm.ingest(&[record(submission::SUSPEND, hub, Pid::NONE, 0, 0, 0)]);
    // The older half of its links stays active, and stands before those whose exits wait in its mailbox.
    let peers: Vec<Pid> = (0..2 * n).map(|_| storm.spawn()).collect();
    for peer in &peers {
        storm.ingest(&[record(submission::LINK, *peer, hub, 0, 0, 0)]);
    }
    for peer in &peers[n..] {
        storm.kill(*peer);
        storm.tick(&[]);
    }
    while storm.shard.stats().signals > 0 {
        storm.tick(&[]);
    }
    assert_eq!(storm.shard.stats().queued as usize, n);
    let before = steps();
    storm.kill(hub);
    while storm.shard.stats().signals > 0 {
        storm.tick(&[]);
    }
    assert!(steps() - before <= 4 * n, "{} steps along lists for {n} exits", steps() - before);
    let stats = storm.shard.stats();
    assert_eq!((stats.actors, stats.links, stats.queued), (0, 0, 0));
}

#[test]
fn g16_held_messages_are_forgotten_without_a_search() {
    let n = 2000;
    let mut storm = Storm::new();
    let hub = storm.spawn_with(0, 1, policy::SUSPEND | 5000 << 8);
    let senders: Vec<Pid> = (0..n).map(|_| storm.spawn()).collect();
    for sender in &senders {
        storm.ingest(&[record(submission::SEND, hub, *sender, 1, 0, 0)]);
    }
    let before = steps();
    let mut handled = 0;
    while handled < n {
        handled += count(&storm.tick(&[]), completion::MESSAGE);
    }
    storm.tick(&[]);
    assert!(steps() - before <= n, "{} steps along lists for {n} holds", steps() - before);
    assert_eq!((storm.shard.stats().queued, storm.shard.stats().alarms), (0, 0));
}

#[test]
fn g16_a_sender_that_overflows_many_is_held_for_each_without_a_search() {
    let n = 1000;
    let mut storm = Storm::new();
    let sender = storm.spawn();
    let hubs: Vec<Pid> = (0..n).map(|_| storm.spawn_with(0, 1, policy::SUSPEND | 5000 << 8)).collect();
    let before = steps();
    for hub in &hubs {
        storm.ingest(&[record(submission::SUSPEND, *hub, Pid::NONE, 0, 0, 0)]);
        // The first fills the mailbox, the second is held, the third refused: one hold for a pair.
        storm.ingest(&[record(submission::SEND, *hub, sender, 1, 0, 0); 3]);
    }
    assert_eq!(storm.shard.stats().alarms as usize, n);
    assert!(steps() - before <= n, "{} steps along lists for {n} holds", steps() - before);
    assert_eq!(storm.shard.stats().dead_letters.iter().sum::<u64>() as usize, n);
    storm.kill(sender);
    while storm.shard.stats().signals > 0 {
        storm.tick(&[]);
    }
    assert_eq!(storm.shard.stats().alarms, 0);
}

#[test]
fn g297_whoever_is_held_is_counted_as_long_as_it_waits() {
    let mut storm = Storm::new();
    let hub = storm.spawn_with(0, 1, policy::SUSPEND | 5000 << 8);
    storm.ingest(&[record(submission::SUSPEND, hub, Pid::NONE, 0, 0, 0)]);
    let senders: Vec<Pid> = (0..4).map(|_| storm.spawn()).collect();
    for sender in &senders {
        storm.ingest(&[record(submission::SEND, hub, *sender, 1, 0, 0)]);
    }
    let held = |storm: &Storm| storm.shard.info(hub).map(|info| info.held);
    assert_eq!(held(&storm), Some(3), "the first message was no overflow");
    storm.kill(senders[3]);
    while storm.shard.stats().signals > 0 {
        storm.tick(&[]);
    }
    assert_eq!(held(&storm), Some(2));
    storm.ingest(&[record(submission::RESUME, hub, Pid::NONE, 0, 0, 0)]);
    while storm.shard.stats().queued > 0 {
        storm.tick(&[]);
    }
    assert_eq!(held(&storm), Some(0));
}

#[test]
fn what_a_burst_made_the_stores_hold_is_given_back_when_it_is_quiet() {
    let n = 40_000_u32;
    let mut storm = Storm::new();
    let before = storm.shard.stats().bytes;
    for round in 0..2 {
        let pid = storm.spawn();
        let reference = |at: u32| record(submission::MONITOR, pid, Pid::NONE, at, 0, 0);
        storm.ingest(&(0..n).map(|slot| record(submission::SEND, pid, Pid::NONE, slot, 0, 0)).collect::<Vec<_>>());
        storm.ingest(&(0..n).map(reference).collect::<Vec<_>>());
        let queued = storm.shard.stats().bytes;
        assert!(queued > before + n as usize * 64, "a burst needs room: {queued}");
        storm.kill(pid);
        while !storm.tick(&[]).is_empty() {}
        let held = storm.shard.stats().bytes;
        assert!(held >= queued, "nothing is given back at once, the next burst may need it: {held}");
        // One look sees that it has grown, the next that it has not.
        for _ in 0..2 * QUIET {
            assert!(storm.tick(&[]).is_empty());
        }
        let left = storm.shard.stats().bytes;
        assert!(left < before + KEPT * 64, "round {round}: {left} bytes are left of {held}");
    }
}

#[test]
fn a_store_that_is_in_use_is_not_given_back() {
    let n = 40_000_u32;
    let mut storm = Storm::new();
    let pid = storm.spawn();
    storm.ingest(&[record(submission::SUSPEND, pid, Pid::NONE, 0, 0, 0)]);
    storm.ingest(&(0..n).map(|slot| record(submission::SEND, pid, Pid::NONE, slot, 0, 0)).collect::<Vec<_>>());
    for _ in 0..3 * QUIET {
        assert!(storm.tick(&[]).is_empty());
    }
    let mut slots = Vec::new();
    let mut batch = storm.tick(&[record(submission::RESUME, pid, Pid::NONE, 0, 0, 0)]);
    while !batch.is_empty() {
        slots.extend(batch.iter().filter(|one| kind(one) == completion::MESSAGE).map(|one| one[word::SLOT]));
        batch = storm.tick(&[]);
    }
    assert_eq!(slots, (0..n).collect::<Vec<_>>());
}

//! What a random program does. Actors are spawned on both shards by turns.

use super::world::World;
use myrmidon_core::{
    pid::Pid,
    record::{flag, spawn, submission},
};
use proptest::prelude::*;

#[derive(Clone, Debug)]
pub enum Step {
    Spawn { at: usize, policy: u32, capacity: u32, flags: u32, owner: usize, named: bool },
    Send { by: usize, from: usize, to: usize, flags: u32, kind: u8 },
    Call { by: usize, from: usize, to: usize, timeout: u32 },
    Answer(usize),
    Forward { at: usize, to: usize },
    GiveUp(usize),
    Exit { by: usize, to: usize, from: usize, reason: u8 },
    ExitSelf { who: usize, reason: u8 },
    Stop { by: usize, who: usize, reason: u8 },
    Link(usize, usize),
    Unlink(usize, usize),
    Monitor { by: usize, watcher: usize, target: usize },
    Demonitor(usize),
    Abandon(usize),
    Started(usize),
    Trap(usize, bool),
    AwaitRoom { by: usize, who: usize },
    Flush(usize),
    Carry { from: usize, count: usize },
    Run { at: usize, max: u32, handled: u32 },
    Advance(u16),
}

pub fn step() -> impl Strategy<Value = Step> {
    let who = 0..12usize;
    let at = 0..2usize;
    let any_who = 0..13usize;
    let policies = (0..4u32, 1..6u32, 0..32u32, 0..12usize, any::<bool>());
    prop_oneof![
        4 => (at.clone(), policies).prop_map(|(at, (policy, capacity, flags, owner, named))| {
            // Few actors start slowly: one that does handles nothing until it is told.
            let flags = if flags % 3 == 0 { flags } else { flags & !spawn::STARTING };
            Step::Spawn { at, policy, capacity, flags, owner, named }
        }),
        20 => (at.clone(), any_who.clone(), who.clone(), prop_oneof![Just(0), Just(flag::PRIORITY), Just(flag::REENTRANT)], 0..4u8)
            .prop_map(|(by, from, to, flags, kind)| Step::Send { by, from, to, flags, kind }),
        8 => (at.clone(), any_who.clone(), who.clone(), 0..3u32)
            .prop_map(|(by, from, to, timeout)| Step::Call { by, from, to, timeout }),
        4 => (0..20usize).prop_map(Step::Answer),
        2 => (0..20usize, who.clone()).prop_map(|(at, to)| Step::Forward { at, to }),
        1 => (0..20usize).prop_map(Step::GiveUp),
        2 => (at.clone(), who.clone(), any_who.clone(), 0..4u8)
            .prop_map(|(by, to, from, reason)| Step::Exit { by, to, from, reason }),
        1 => (who.clone(), 0..4u8).prop_map(|(who, reason)| Step::ExitSelf { who, reason }),
        1 => (at.clone(), who.clone(), 0..4u8).prop_map(|(by, who, reason)| Step::Stop { by, who, reason }),
        5 => (who.clone(), who.clone()).prop_map(|(one, other)| Step::Link(one, other)),
        4 => (who.clone(), who.clone()).prop_map(|(one, other)| Step::Unlink(one, other)),
        4 => (at.clone(), any_who, who.clone()).prop_map(|(by, watcher, target)| Step::Monitor { by, watcher, target }),
        2 => (0..40usize).prop_map(Step::Demonitor),
        1 => who.clone().prop_map(Step::Abandon),
        1 => who.clone().prop_map(Step::Started),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, on)| Step::Trap(who, on)),
        1 => (at.clone(), who).prop_map(|(by, who)| Step::AwaitRoom { by, who }),
        8 => at.clone().prop_map(Step::Flush),
        14 => (at.clone(), 0..8usize).prop_map(|(from, count)| Step::Carry { from, count }),
        14 => (at, 1..12u32, 0..12u32).prop_map(|(at, max, handled)| Step::Run { at, max, handled }),
        2 => (0..40u16).prop_map(Step::Advance),
    ]
}

pub fn perform(world: &mut World, step: &Step) {
    match *step {
        Step::Spawn { at, policy, capacity, flags, owner, named } => {
            world.spawn(at, policy, capacity, flags, owner, named);
        }
        Step::Send { by, from, to, flags, kind } => {
            let (by, from) = world.sender(by, from);
            let to = world.pid(to);
            world.send(by, from, to, flags, kind);
        }
        Step::Call { by, from, to, timeout } => {
            let (by, from) = world.sender(by, from);
            let to = world.pid(to);
            world.call(by, from, to, if timeout == 0 { u32::MAX } else { timeout * 10 });
        }
        Step::Answer(at) => world.answer(at),
        Step::Forward { at, to } => world.forward(at, to),
        Step::GiveUp(at) => world.give_up(at),
        Step::Exit { by, to, from, reason } => {
            let (by, from) = world.sender(by, from);
            let (to, reason) = (world.pid(to), world.reason(by, reason));
            world.submit(by, submission::EXIT, to, from, 0, reason, 0);
        }
        Step::ExitSelf { who, reason } => {
            let pid = world.pid(who);
            let by = world.of(pid);
            let reason = world.reason(by, reason);
            world.submit(by, submission::EXIT_SELF, pid, Pid::NONE, 0, reason, 0);
        }
        Step::Stop { by, who, reason } => {
            let reason = world.reason(by, reason);
            world.submit(by, submission::STOP, world.pid(who), Pid::NONE, 0, reason, 0);
        }
        Step::Link(one, other) => {
            let (one, other) = (world.pid(one), world.pid(other));
            world.submit(world.of(one), submission::LINK, other, one, 0, 0, 0);
        }
        Step::Unlink(one, other) => {
            let (one, other) = (world.pid(one), world.pid(other));
            world.submit(world.of(one), submission::UNLINK, other, one, 0, 0, 0);
        }
        Step::Monitor { by, watcher, target } => {
            let (by, watcher) = world.sender(by, watcher);
            let target = world.pid(target);
            world.monitor(by, watcher, target);
        }
        Step::Demonitor(at) => world.demonitor(at),
        Step::Abandon(who) => world.abandon(who),
        Step::Started(who) => {
            let pid = world.pid(who);
            world.submit(world.of(pid), submission::STARTED, pid, Pid::NONE, 0, 0, 0);
        }
        Step::Trap(who, on) => {
            let pid = world.pid(who);
            let flags = if on { spawn::TRAP_EXIT } else { 0 };
            world.submit(world.of(pid), submission::FLAGS, pid, Pid::NONE, 0, 0, flags);
        }
        Step::AwaitRoom { by, who } => world.await_room(by, who),
        Step::Flush(at) => world.flush(at),
        Step::Carry { from, count } => world.carry(from, count),
        Step::Run { at, max, handled } => world.run(at, max, handled),
        Step::Advance(ms) => world.now += f64::from(ms),
    }
}

//! A shard's own end of its system: what it gets from the others, and what it sends them.
//!
//! Owner: the shard's thread. It calls `look_around` before it ingests anything (a PID of a shard that has just joined
//! may come from anywhere), `collect` before a tick that delivers and `dispatch` after each tick, and sleeps
//! only when `is_quiet` said so with the doorbell armed. It never waits: what has no room stays with the shard, which
//! holds the actors that make more of it (`myrmidon_core::peer`), and goes on taking what others send it.
//!
//! Order of an end (`leave`, after `Shard::close` or `Shard::lose`): the ways to this shard are closed, so that others
//! keep what they cannot place; what was placed before is received, which makes dead letters of it; then each way from
//! it is finished with the packets that had no room, which is how the others learn of the end, after everything else.
//! Only then is the shard number given back.

use crate::{
    path::Path,
    port::ShardHandle,
    system::{JoinError, Seat, System, Ways},
};
use core::fmt;
use myrmidon_core::{Departures, NameTable, PeerLimits, bundle::Bundle, record::control, shard::Shard};
use std::{collections::VecDeque, sync::Arc};

struct Route {
    seat: Arc<Seat>,
    out: Arc<Path<Bundle>>,
    back: Arc<Path<Bundle>>,
    /// Packets wait with the shard, because there was no room.
    waits: bool,
    /// Packets that were received beyond the limits until now: bundles are received whole.
    ahead: usize,
}

/// See the module. Dropping it without `leave` ends it as if the shard had been lost with all that it held.
pub struct Member {
    system: Arc<System>,
    seat: Arc<Seat>,
    routes: Vec<Route>,
    seen: usize,
    arrived: Vec<(u8, Bundle)>,
    left: bool,
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member").field("isolate", &self.seat.isolate).finish_non_exhaustive()
    }
}

impl Member {
    /// Makes a shard, which has no actor yet, a member.
    ///
    /// # Errors
    /// [`JoinError`]: the system has ended, or is full.
    pub fn join(
        system: &Arc<System>,
        door: ShardHandle,
        shard: &mut Shard,
        limits: PeerLimits,
    ) -> Result<Self, JoinError> {
        let seat = system.join(door)?;
        shard.join(seat.isolate, Arc::clone(&system.names) as Arc<dyn NameTable>, limits);
        let mut member =
            Self { system: Arc::clone(system), seat, routes: Vec::new(), seen: 0, arrived: Vec::new(), left: false };
        member.look_around(shard);
        Ok(member)
    }

    /// Its number in its system.
    pub fn isolate(&self) -> u8 {
        self.seat.isolate
    }

    /// Its system.
    pub fn system(&self) -> &Arc<System> {
        &self.system
    }

    /// Whether `collect` would find something.
    pub fn has_arrivals(&self) -> bool {
        self.seen != self.system.version() || self.routes.iter().any(|route| !route.back.is_quiet())
    }

    /// Receives packets of each other member, oldest first, and learns who has joined or ended: whole bundles, and on average
    /// no more than `limit` packets of that member. What is beyond it is paid for by later calls, which receive the less: an
    /// owner that handles fewer at a time than a bundle has would have a pile before long. What it has handled is paid for,
    /// too: it was not asked to look while nothing came.
    pub fn collect(&mut self, shard: &mut Shard, limit: usize) {
        let mut ended = Vec::new();
        let queued = shard.control()[control::QUEUED].cast_unsigned() as usize;
        for route in &mut self.routes {
            // Read before the pops: what was placed before the end is taken before the will.
            let finished = route.back.is_finished();
            let before = self.arrived.len();
            let limit = if finished { usize::MAX } else { limit };
            let number = route.seat.shard;
            route.ahead = route.ahead.min(queued);
            let paid = route.ahead.min(limit);
            let mut count = 0;
            while count < limit - paid
                && let Some(bundle) = route.back.pop()
            {
                count += bundle.len();
                self.arrived.push((number, bundle));
            }
            route.ahead = (route.ahead + count).saturating_sub(limit);
            if finished {
                self.arrived.extend(route.back.will().into_iter().map(|bundle| (number, bundle)));
                ended.push(number);
            }
            if self.arrived.len() > before && route.back.fed() {
                route.seat.door.ring();
            }
        }
        // After the pops: a packet may name an actor of a member that this one does not know yet.
        self.look_around_but(shard, &ended);
        for (by, bundle) in self.arrived.drain(..) {
            shard.receive_bundle(by, bundle);
        }
        for number in ended {
            shard.disconnect(number);
            self.routes.retain(|route| route.seat.shard != number);
            // One that took over its number is seen only now.
            self.seen = usize::MAX;
        }
        self.look_around(shard);
    }

    /// Places what the shard wants of others, as far as there is room, and wakes those that sleep.
    pub fn dispatch(&mut self, shard: &mut Shard) {
        if shard.packets() == 0 {
            return self.seat.report(shard);
        }
        let routes = &mut self.routes;
        shard.hand_over(|mut departures| {
            let number = departures.shard();
            let Some(route) = routes.iter_mut().find(|route| route.seat.shard == number) else { return };
            let placed = route.out.push(&mut departures, Departures::take, Departures::put_back);
            route.waits = !departures.is_empty();
            if placed > 0 {
                route.seat.door.ring();
            }
        });
        self.seat.report(shard);
    }

    /// About to sleep, before the doorbell is armed: whoever makes room for what waits here is to ring.
    pub fn starve(&self) {
        self.routes.iter().filter(|route| route.waits).for_each(|route| route.out.starve());
    }

    /// With the doorbell armed: whether there is nothing to do.
    pub fn is_quiet(&self) -> bool {
        !self.has_arrivals() && self.routes.iter().all(|route| !route.waits || route.out.is_full())
    }

    /// Leaves the system: see the module. What was placed for the shard and not taken makes dead letters of a shard that
    /// is closed, and goes back from one that is lost.
    pub fn leave(mut self, shard: &mut Shard) {
        for route in &self.routes {
            route.back.close();
        }
        self.collect(shard, usize::MAX);
        let mut rest: Vec<(u8, VecDeque<Bundle>)> = Vec::new();
        shard.hand_over(|mut departures| {
            let bundles = core::iter::from_fn(|| departures.take()).collect();
            rest.push((departures.shard(), bundles));
        });
        self.end(rest);
    }

    fn end(&mut self, mut rest: Vec<(u8, VecDeque<Bundle>)>) {
        self.left = true;
        // Nobody gets a way to this shard any more; a member that joined meanwhile and has one sees its end, too.
        for Ways { seat, out, back } in self.system.leave(&self.seat) {
            if self.routes.iter().all(|route| !Arc::ptr_eq(&route.out, &out)) {
                back.close();
                self.routes.push(Route { seat, out, back, waits: false, ahead: 0 });
            }
        }
        for route in &self.routes {
            let at = rest.iter().position(|(number, _)| *number == route.seat.shard);
            let bundles = at.map(|at| rest.swap_remove(at).1).unwrap_or_default();
            route.out.finish(bundles);
            route.seat.door.ring();
        }
    }

    /// Learns of new members. One load when there are none.
    pub fn look_around(&mut self, shard: &mut Shard) {
        self.look_around_but(shard, &[]);
    }

    /// Learns of new members; one with the number of another that has ended waits until that end is through.
    fn look_around_but(&mut self, shard: &mut Shard, ended: &[u8]) {
        let version = self.system.version();
        if self.seen == version {
            return;
        }
        self.seen = version;
        for Ways { seat, out, back } in self.system.ways(self.seat.shard) {
            if self.routes.iter().any(|route| Arc::ptr_eq(&route.seat, &seat)) {
                continue;
            }
            if ended.contains(&seat.shard) || self.routes.iter().any(|route| route.seat.shard == seat.shard) {
                self.seen = usize::MAX;
                continue;
            }
            shard.connect(seat.shard, seat.isolate);
            self.routes.push(Route { seat, out, back, waits: false, ahead: 0 });
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if !self.left {
            for route in &self.routes {
                route.back.close();
            }
            self.end(Vec::new());
        }
    }
}

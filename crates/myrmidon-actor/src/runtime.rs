//! The runtime: a set of worker shards (a thread each, which runs actors), and the threads that handlers are lent to.

mod builder;

pub use builder::Builder;

use crate::{
    Actor, ActorRef, Placement, Spawn, SpawnError, StartError,
    answer::{Receiver, channel},
    body::{Body, Plain},
    door::{self, Door, Errand},
    lend::Pool,
    mail::kind_of,
    place,
    worker::{self, Opening, Worker},
};
use core::{fmt, sync::atomic::Ordering, time::Duration};
use myrmidon_core::{
    pid::Pid,
    record::spawn as flags,
    shard::{ActorInfo, ShardStats},
};
use myrmidon_runtime::System;
use parking_lot::Mutex;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    thread::JoinHandle,
    time::Instant,
};

/// How long a handler that still runs at the end of a shutdown has to notice it.
const GRACE: Duration = Duration::from_secs(1);
/// A shutdown that may take this long, or longer, has no limit. (A clock cannot add much larger times.)
pub(crate) const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);
/// How long the actors of a runtime that is dropped may take to stop.
const DROPPED: Duration = Duration::from_secs(5);

/// What was left at the end of a shutdown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stopped {
    /// Actors that had not ended in time, and were killed.
    pub killed: u32,
    /// Threads whose handler still ran a second after that. They go on by themselves, since no thread can be killed.
    pub stuck: u32,
}

/// Runs actors: on worker shards, a thread each, and on further threads to which long handlers are lent.
///
/// Dropping it shuts it down, with five seconds for its actors to stop.
///
/// ```
/// use myrmidon_actor::{Context, Runtime, behavior};
/// use std::time::Duration;
///
/// let runtime = Runtime::builder().shards(1).max_actors(1000).start()?;
/// let printer = runtime.spawn(behavior((), |_: &mut (), line: String, _: &mut Context<String>| println!("{line}")))?;
/// printer.tell("hello".to_owned())?;
/// assert_eq!(runtime.shutdown(Duration::from_secs(1)).killed, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Runtime {
    system: Arc<System>,
    pool: Arc<Pool>,
    doors: Vec<Arc<Door>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("shards", &self.doors.len()).finish_non_exhaustive()
    }
}

impl Runtime {
    /// Starts a runtime with a shard for each core of the machine.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start() -> Result<Self, StartError> {
        Self::builder().start()
    }

    /// Starts a runtime with options.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The system that the shards belong to.
    pub fn system(&self) -> &Arc<System> {
        &self.system
    }

    /// Spawns an actor on the shard that has the fewest.
    ///
    /// # Errors
    /// [`SpawnError`].
    pub fn spawn<A: Actor>(&self, actor: A) -> Result<ActorRef<A::Message>, SpawnError> {
        self.spawn_with(&Spawn::default(), actor)
    }

    /// Spawns an actor with options. With a name this waits for the actor's shard, so that it is not for handlers.
    ///
    /// # Errors
    /// [`SpawnError`].
    pub fn spawn_with<A: Actor>(&self, options: &Spawn, actor: A) -> Result<ActorRef<A::Message>, SpawnError> {
        if options.link {
            return Err(SpawnError::Elsewhere);
        }
        let kind = kind_of::<A::Message>();
        let body: Box<dyn Body> = Box::new(Plain { actor, kind, long: false });
        spawn_outside(self.system.handle(), options, body)
    }

    /// The actor with a name, if it is a Rust actor that takes messages of this type.
    pub fn whereis<M: Send + 'static>(&self, name: &str) -> Option<ActorRef<M>> {
        whereis(&self.system, name)
    }

    /// The counters of each shard. This waits for the shards; in a handler, which must not wait, it is empty.
    pub fn stats(&self) -> Vec<ShardStats> {
        self.doors.iter().filter_map(|door| request(door, Worker::stats)).collect()
    }

    /// What is known of a living actor. This waits for its shard; `None` in a handler.
    pub fn info(&self, actor: impl Into<Pid>) -> Option<ActorInfo> {
        let pid = actor.into();
        request(&*door::find(pid.shard())?, move |worker| worker.info(pid)).flatten()
    }

    /// All living actors below one: those that it has spawned, those that these have, and so on. For a supervisor this
    /// is its tree. Looks at every actor, and waits for the shards as [`Runtime::stats`] does.
    pub fn below(&self, root: impl Into<Pid>) -> HashSet<Pid> {
        let mut children: HashMap<Pid, Vec<Pid>> = HashMap::new();
        for (child, parent) in self.doors.iter().filter_map(|door| request(door, Worker::parents)).flatten() {
            children.entry(parent).or_default().push(child);
        }
        let (mut tree, mut left) = (HashSet::new(), vec![root.into()]);
        while let Some(next) = left.pop() {
            // An actor has one parent, so that none comes twice.
            let below = children.remove(&next).unwrap_or_default();
            tree.extend(below.iter().copied());
            left.extend(below);
        }
        tree
    }

    pub(crate) fn doors(&self) -> &[Arc<Door>] {
        &self.doors
    }

    /// Shuts the runtime down: nothing is spawned from outside any more, and the actors handle what they have been sent
    /// and end with `Shutdown`, the youngest first. Those that have not ended `within` that time are killed;
    /// `Duration::MAX` is no limit (G212). Afterwards all threads have ended, except those that are stuck in a handler,
    /// and the caller's own.
    pub fn shutdown(self, within: Duration) -> Stopped {
        self.end(within)
    }

    fn end(&self, within: Duration) -> Stopped {
        let waiting: Vec<_> = self
            .doors
            .iter()
            .map(|door| {
                let (done, ended) = channel();
                door.urge(Errand::Run(Box::new(move |worker| worker.begin_close(within, done))));
                ended
            })
            .collect();
        if place::is_shard() || place::away().is_some() {
            // Called by a handler of this runtime: its thread cannot wait for itself.
            self.threads.lock().clear();
            self.pool.close(None);
            return Stopped::default();
        }
        let now = Instant::now();
        let deadline = (within < FOR_EVER).then(|| now + within + GRACE);
        let mut stopped = Stopped::default();
        for (ended, thread) in waiting.into_iter().zip(core::mem::take(&mut *self.threads.lock())) {
            let killed = match deadline {
                Some(deadline) => ended.wait_until(deadline),
                None => ended.wait(),
            };
            match killed {
                Some(killed) => {
                    stopped.killed += killed;
                    drop(thread.join());
                }
                None if thread.is_finished() => {}
                None => stopped.stuck += 1,
            }
        }
        // Without a limit actors have ended in order, and so have their handlers. Those of actors that somebody has
        // killed have the usual moment.
        stopped.stuck += self.pool.close(Some(deadline.unwrap_or_else(|| Instant::now() + GRACE)));
        stopped
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if !self.threads.lock().is_empty() {
            self.end(DROPPED);
        }
    }
}

/// Asks a shard something, and waits for the answer; `None` in a handler, and when the shard has ended.
pub(crate) fn request<T: Send + 'static>(
    door: &Door,
    ask: impl FnOnce(&mut Worker) -> T + Send + 'static,
) -> Option<T> {
    asked(door, ask)?.wait()
}

/// [`request`] that waits until a time at most.
pub(crate) fn request_until<T: Send + 'static>(
    door: &Door,
    deadline: Instant,
    ask: impl FnOnce(&mut Worker) -> T + Send + 'static,
) -> Option<T> {
    asked(door, ask)?.wait_until(deadline)
}

pub(crate) fn asked<T: Send + 'static>(
    door: &Door,
    ask: impl FnOnce(&mut Worker) -> T + Send + 'static,
) -> Option<Receiver<T>> {
    if place::is_shard() {
        return None;
    }
    let (answer, receiver) = channel();
    door.urge(Errand::Run(Box::new(move |worker| answer.send(ask(worker)))));
    Some(receiver)
}

pub(crate) fn whereis<M: Send + 'static>(system: &System, name: &str) -> Option<ActorRef<M>> {
    let pid = system.whereis(name)?;
    let kind = kind_of::<M>();
    let door = door::find(pid.shard())?;
    let known = door.named.lock().get(&pid).map(|named| named.kind);
    (known == Some(kind)).then(|| ActorRef::new(pid, kind))
}

fn opening(parent: Pid, options: &Spawn, watch: Option<u32>) -> Result<Opening, SpawnError> {
    let budget = options.budget_word()?;
    let (capacity, policy) = options.mailbox.words()?;
    let name = options.checked_name()?;
    let link = if options.link { flags::LINK } else { 0 };
    let traps = if options.trap_exits { flags::TRAP_EXIT } else { 0 };
    let watched = if watch.is_some() { flags::MONITOR } else { 0 };
    Ok(Opening { parent, flags: link | traps | watched, watch: watch.unwrap_or(0), capacity, policy, budget, name })
}

/// An actor spawns another one.
pub(crate) fn spawn_from<A: Actor>(
    parent: Pid,
    options: &Spawn,
    watch: Option<u32>,
    actor: A,
) -> Result<ActorRef<A::Message>, SpawnError> {
    let kind = kind_of::<A::Message>();
    spawn_body(parent, options, watch, Box::new(Plain { actor, kind, long: false }))
}

pub(crate) fn spawn_body<M: Send + 'static>(
    parent: Pid,
    options: &Spawn,
    watch: Option<u32>,
    body: Box<dyn Body>,
) -> Result<ActorRef<M>, SpawnError> {
    let opening = opening(parent, options, watch)?;
    let kind = body.kind();
    let own = place::here(|worker| worker.door().clone());
    let system = own.as_ref().map(|door| door.system).or_else(|| place::away().map(|away| away.door.system));
    let door = match (options.placement, &own) {
        (Placement::Here, Some(door)) => Arc::clone(door),
        (Placement::Here, None) => place::away().ok_or(SpawnError::Closed)?.door,
        (placement, _) => choose(system.ok_or(SpawnError::Closed)?, placement).ok_or(SpawnError::Closed)?,
    };
    if own.as_ref().is_some_and(|own| own.shard == door.shard) {
        return spawn_here(&opening, body).map(|pid| ActorRef::new(pid, kind));
    }
    if opening.name.is_some() {
        return Err(SpawnError::Elsewhere);
    }
    // No shard waits for another one: where that has no PID in stock, the actor lives here.
    match door.pid() {
        Some(pid) => send_spawn(&door, pid, body, opening).map(|()| ActorRef::new(pid, kind)),
        None if own.is_some() => spawn_here(&opening, body).map(|pid| ActorRef::new(pid, kind)),
        None => Err(SpawnError::TooManyActors),
    }
}

fn spawn_here(opening: &Opening, body: Box<dyn Body>) -> Result<Pid, SpawnError> {
    let pid = place::here(|worker| {
        let pid = worker.reserve().ok_or(SpawnError::TooManyActors)?;
        worker.open(pid, body, opening).map(|()| pid)
    })
    .unwrap_or(Err(SpawnError::Closed))?;
    worker::start(pid, true)?;
    Ok(pid)
}

fn send_spawn(door: &Door, pid: Pid, body: Box<dyn Body>, opening: Opening) -> Result<(), SpawnError> {
    door.coming.fetch_add(1, Ordering::Relaxed);
    if door.urge(Errand::Spawn { pid, body, opening }) { Ok(()) } else { Err(SpawnError::Closed) }
}

/// Somebody outside of any actor spawns one.
pub(crate) fn spawn_outside<M: Send + 'static>(
    system: u32,
    options: &Spawn,
    body: Box<dyn Body>,
) -> Result<ActorRef<M>, SpawnError> {
    if place::is_shard() || place::away().is_some() {
        return spawn_body(Pid::NONE, options, None, body);
    }
    let kind = body.kind();
    let placement = if options.placement == Placement::Here { Placement::LeastLoaded } else { options.placement };
    let door = choose(system, placement).ok_or(SpawnError::Closed)?;
    let opening = opening(Pid::NONE, options, None)?;
    if opening.name.is_none()
        && let Some(pid) = door.pid()
    {
        return send_spawn(&door, pid, body, opening).map(|()| ActorRef::new(pid, kind));
    }
    let opened = request(&door, move |worker| {
        let pid = worker.reserve().ok_or(SpawnError::TooManyActors)?;
        worker.open(pid, body, &opening)?;
        worker.came(0);
        Ok(pid)
    });
    let pid = opened.unwrap_or(Err(SpawnError::Closed))?;
    door.urge(Errand::Start(pid));
    Ok(ActorRef::new(pid, kind))
}

fn choose(system: u32, placement: Placement) -> Option<Arc<Door>> {
    let doors = door::of_system(system);
    match placement {
        Placement::Key(key) => {
            // Spreads keys that count up, and is the same for the same key.
            let at = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
            doors.get((at % doors.len().max(1) as u64) as usize).cloned()
        }
        _ => doors.into_iter().min_by_key(|door| door.load()),
    }
}

//! What both kinds of supervisors keep of their children, and do about what the machine says.

use crate::{
    Context, MonitorRef, Notice, SpawnError, TimerRef, place,
    worker::{crash, ignored},
};
use core::time::Duration;
use myrmidon_core::{
    exit_reason::ExitReason,
    pid::Pid,
    supervisor::{Action, Event, Happening, Input, Life, StartFailure, Timer},
};
use rustc_hash::FxHashMap;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// Makes a child's actor. A panic is a start that failed, not the supervisor's own end.
pub(super) fn made<A>(make: impl FnOnce() -> A) -> Result<A, SpawnError> {
    catch_unwind(AssertUnwindSafe(make)).map_err(|panic| SpawnError::InitFailed(Box::new(crash(&*panic))))
}

/// A time of a supervisor.
#[doc(hidden)]
#[derive(Debug)]
pub struct Alarm(pub(super) Timer);

pub(super) type Spawned = Result<(Pid, MonitorRef), SpawnError>;
type Listener = Box<dyn FnMut(Event) + Send>;

pub(super) struct Shell {
    place: Arc<str>,
    /// No supervisor is above it that hears of its end, as far as it was told.
    is_root: bool,
    children: FxHashMap<Life, Pid>,
    by_pid: FxHashMap<Pid, Life>,
    watches: FxHashMap<MonitorRef, Life>,
    timers: FxHashMap<Timer, TimerRef>,
    pub listener: Option<Listener>,
}

impl Shell {
    /// `place`: its path from the root, joined by `/`.
    pub fn new(place: &str, is_root: bool) -> Self {
        Self {
            place: place.into(),
            is_root,
            children: FxHashMap::default(),
            by_pid: FxHashMap::default(),
            watches: FxHashMap::default(),
            timers: FxHashMap::default(),
            listener: None,
        }
    }

    pub fn len(&self) -> usize {
        self.children.len()
    }

    /// What a spawn came to; `Ok`: whoever it was runs.
    pub fn spawned<C>(&mut self, life: Life, spawned: Spawned) -> Result<Pid, Input<C>> {
        match spawned {
            Ok((pid, watch)) => {
                self.children.insert(life, pid);
                self.by_pid.insert(pid, life);
                self.watches.insert(watch, life);
                Ok(pid)
            }
            Err(SpawnError::Ignored) => Err(Input::Ignored(life)),
            Err(SpawnError::InitFailed(error)) => {
                Err(Input::Failed(life, StartFailure::Itself(ExitReason::Crashed(error))))
            }
            Err(error) => {
                let detail = Some(error.to_string().into());
                Err(Input::Failed(life, StartFailure::Itself(ExitReason::Shutdown { detail })))
            }
        }
    }

    /// A watch has ended, and with it the life of a child.
    pub fn ended(&mut self, watch: MonitorRef) -> Option<(Life, Pid)> {
        let life = self.watches.remove(&watch)?;
        let pid = self.children.remove(&life)?;
        self.by_pid.remove(&pid);
        Some((life, pid))
    }

    /// What such an end is to the machine.
    pub fn end_of<C>(life: Life, reason: ExitReason) -> Input<C> {
        // On another shard, whose start nobody waited for.
        if reason == ignored() { Input::Ignored(life) } else { Input::Ended(life, reason) }
    }

    pub fn pid(&self, life: Life) -> Option<Pid> {
        self.children.get(&life).copied()
    }

    /// The life that an actor lives as a child.
    pub fn life(&self, pid: Pid) -> Option<Life> {
        self.by_pid.get(&pid).copied()
    }

    pub fn fired(&mut self, timer: Timer) {
        self.timers.remove(&timer);
    }

    /// Does what is alike for both; else gives the action back.
    pub fn act<S, M: Send + 'static>(
        &mut self,
        action: Action<S>,
        context: &mut Context<M>,
        alarm: impl FnOnce(Alarm) -> M,
    ) -> Option<Action<S>> {
        match action {
            Action::Stop(life) | Action::Cancel(life) => self.signal(life, ExitReason::SHUTDOWN, context),
            Action::Kill(life) => self.signal(life, ExitReason::Killed, context),
            Action::Arm(timer, millis) => {
                let delay = Duration::try_from_secs_f64(millis / 1000.0).unwrap_or(Duration::MAX);
                self.timers.insert(timer, context.after(delay, alarm(Alarm(timer))));
            }
            Action::Disarm(timer) => {
                if let Some(timer) = self.timers.remove(&timer) {
                    context.cancel(timer);
                }
            }
            Action::Emit(event) => {
                if let (true, Happening::Escalated(reason)) = (self.is_root, &event.what) {
                    self.note_end(context.me().pid(), &event.child, reason.clone());
                }
                // Whoever listens ends nobody.
                if let Some(listener) = &mut self.listener {
                    drop(catch_unwind(AssertUnwindSafe(|| listener(event))));
                }
            }
            Action::End(reason) => context.stop_with(reason),
            other => return Some(other),
        }
        None
    }

    /// Nobody above hears of its end: the observer does (G309).
    fn note_end(&self, pid: Pid, child: &Arc<str>, reason: Option<ExitReason>) {
        let (supervisor, child) = (Arc::clone(&self.place), Arc::clone(child));
        place::here(|worker| {
            let name = worker.name_of(pid);
            worker.note(Notice::TreeEnded { pid, name, supervisor, child, reason });
        });
    }

    fn signal<M: Send + 'static>(&self, life: Life, reason: ExitReason, context: &mut Context<M>) {
        if let Some(child) = self.children.get(&life) {
            context.exit(*child, reason);
        }
    }
}

//! One shard of one isolate, as a JavaScript class: the cold half of its face. What it stands on: `cell`.
//!
//! Lives from its constructor to `close`, or to the end of its environment, whichever comes first. The cleanup hook
//! does what `close` does, without anybody to tell: the doorbell falls silent, the inbox refuses, the shard number
//! goes back to the directory of the process.

use crate::{
    bell::Bell,
    buffers::{Arenas, Buffers, Held},
    cell::{Cell, Open},
    hot::{self, call},
    info::{InfoData, IsolateData, StatsData, to_js, words_of},
    options::{ShardOptions, SharedArrays},
    reason::ReasonData,
};
use core::cell::RefCell;
use myrmidon_core::{
    PeerLimits,
    exit_reason::{CrashError, ExitReason},
    payload::Payload,
    pid::{MAX_INDEX, Pid},
    record::control,
    shard::{Measure, Shard, ShardConfig},
};
use myrmidon_runtime::{Directory, Member, ShardOwner, System, Vigil, buffer::load, pages, system::JoinError};
use napi::{
    Env, Error, JsValue, Result, Status,
    bindgen_prelude::{Float64Array, Function, Object, Uint8Array},
};
use napi_derive::napi;
use std::{rc::Rc, sync::Arc};

/// See the module.
#[napi]
pub struct NativeShard {
    cell: Rc<Cell>,
    shard: u8,
    isolate: u8,
    system: Option<Arc<System>>,
}

#[napi]
impl NativeShard {
    /// `wake` is called on this thread, by the event loop, when something came in while the shard slept.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: &Env, options: ShardOptions, arrays: SharedArrays<'_>, wake: Function<'_, (), ()>) -> Result<Self> {
        let invalid = |what: String| Error::new(Status::InvalidArg, what);
        if options.max_actors == 0 || options.max_actors > MAX_INDEX {
            return Err(invalid(format!("maxActors must be 1 to {MAX_INDEX}")));
        }
        if options.capacity == 0 || options.inbox == 0 {
            return Err(invalid("capacity and inbox must be at least 1".to_owned()));
        }
        let seed = match &options.seed {
            None => None,
            Some(seed) => match seed.get_u64() {
                (false, seed, true) => Some(seed),
                _ => return Err(invalid("seed must be an unsigned integer of 64 bits".to_owned())),
            },
        };
        let system = match options.system {
            None => None,
            Some(handle) => Some(System::find(handle).ok_or_else(|| invalid(JoinError::Ended.to_string()))?),
        };
        let arenas = match (arrays.outgoing, arrays.incoming) {
            // SAFETY: `env` and the values are those of this call.
            (Some(outgoing), Some(incoming)) if system.is_some() => Some(unsafe {
                Arenas {
                    outgoing: Held::hold(env.raw(), outgoing.raw(), 1, "outgoing")?,
                    incoming: Held::hold(env.raw(), incoming.raw(), 1, "incoming")?,
                }
            }),
            _ if system.is_some() => return Err(invalid("a shard of a system needs outgoing and incoming".to_owned())),
            _ => None,
        };
        let bits = (options.max_actors as usize + 1).div_ceil(32);
        // SAFETY: `env` and the values are those of this call.
        let buffers = unsafe {
            Buffers {
                submissions: Held::hold(env.raw(), arrays.submissions.raw(), 8, "submissions")?,
                completions: Held::hold(env.raw(), arrays.completions.raw(), 16, "completions")?,
                control: Held::hold(env.raw(), arrays.control.raw(), control::WORDS, "control")?,
                congested: Held::hold(env.raw(), arrays.congested.raw(), bits, "congested")?,
                reserve: Held::hold(env.raw(), arrays.reserve.raw(), 2, "reserve")?,
                call: Held::hold(env.raw(), arrays.call.raw(), call::LENGTH, "call")?,
                arenas,
            }
        };
        let lease = Directory::global()
            .lease()
            .ok_or_else(|| Error::from_reason("this process has had all the shards that it may have"))?;
        let number = lease.shard();
        let mut shard = Shard::with_generation(
            ShardConfig {
                shard: number,
                max_actors: options.max_actors,
                default_capacity: options.capacity,
                seed,
                long_slice_us: 1000,
            },
            lease.first_generation(),
            buffers.submissions.records().len() as u32,
        );
        pages::prefer_large(&shard);
        let bell = Bell::new(env, &wake, options.function_bell == Some(true))?;
        let rope = bell.clone();
        let owner = ShardOwner::open(lease, options.inbox as usize, move || rope.ring());
        let mut isolate = 0;
        let mut member = None;
        if let (Some(system), Some(door)) = (&system, owner.handle()) {
            let room = buffers.arenas.as_ref().map_or(0, |arenas| arenas.incoming.get().len());
            shard.reserve_incoming(room);
            let joined = Member::join(system, door, &mut shard, PeerLimits::default());
            let joined = joined.map_err(|error| Error::from_reason(error.to_string()))?;
            isolate = joined.isolate();
            member = Some(joined);
        }
        let open = Open { shard, owner, buffers, bell, member, vigil: Vigil::default(), arrived: Vec::new() };
        let cell = Rc::new(Cell { open: RefCell::new(Some(open)) });
        // Added after the doorbell's own hook, so it runs before Node.js takes the doorbell down.
        env.add_env_cleanup_hook(Rc::clone(&cell), |cell| cell.end())?;
        Ok(Self { cell, shard: number, isolate, system })
    }

    /// Sets the hot calls on `target`, see `hot`.
    #[napi(catch_unwind)]
    pub fn attach(&self, env: &Env, mut target: Object<'_>) -> Result<()> {
        hot::export(env, &self.cell, &mut target)
    }

    /// The shard's number: the third byte of its PIDs' low words.
    #[napi(getter, catch_unwind)]
    pub fn shard(&self) -> u32 {
        u32::from(self.shard)
    }

    /// Its number in its system; 0 when it is in none.
    #[napi(getter, catch_unwind)]
    pub fn isolate(&self) -> u32 {
        u32::from(self.isolate)
    }

    /// The live isolates of its system, in the order of joining.
    #[napi(catch_unwind)]
    pub fn isolates(&self) -> Vec<IsolateData> {
        self.system
            .as_ref()
            .map_or_else(Vec::new, |system| system.isolates().into_iter().map(IsolateData::from).collect())
    }

    /// Keeps a copy of bytes for one record; its SLOT.
    #[napi(catch_unwind)]
    pub fn put_block(&self, bytes: &[u8]) -> Result<u32> {
        self.cell.with(|open| Ok(open.shard.put_block(Payload::bytes(bytes.to_vec()))))
    }

    /// The same for bytes that name buffers, as `buffer::pack` writes them: those that nobody takes go with the record.
    #[napi(catch_unwind)]
    pub fn put_parcel(&self, bytes: &[u8]) -> Result<u32> {
        self.cell.with(|open| Ok(open.shard.put_block(load(bytes.to_vec()))))
    }

    /// A copy of the bytes of an incoming SLOT.
    #[napi(catch_unwind)]
    pub fn block(&self, slot: u32) -> Result<Option<Uint8Array>> {
        self.cell.with(|open| Ok(open.shard.block(slot).map(Uint8Array::from)))
    }

    /// Fills the reserve with at most `n` PIDs; returns how many there are.
    #[napi(catch_unwind)]
    pub fn reserve(&self, n: u32) -> Result<u32> {
        self.cell.with(|open| {
            let words = open.buffers.reserve.get_mut();
            let mut pids = vec![Pid::NONE; (n as usize).min(words.len() / 2)];
            let got = open.shard.reserve(&mut pids);
            for (pair, pid) in words.chunks_exact_mut(2).zip(&pids[..got]) {
                pair.copy_from_slice(&[pid.low(), pid.generation()]);
            }
            Ok(got as u32)
        })
    }

    /// Opens the PID of the spawn record at `at` in the submission ring under a name. The holder's PID: it is taken.
    #[napi(catch_unwind)]
    pub fn open_named(&self, at: u32, name: String) -> Result<Option<f64>> {
        self.cell.with(|open| {
            let record = open.buffers.submissions.records().get(at as usize).copied();
            let record = record.ok_or_else(|| Error::new(Status::InvalidArg, "no such record"))?;
            open.handle_signals();
            let outcome = open.shard.open_named(&record, &name);
            open.publish();
            Ok(outcome.err().map(to_js))
        })
    }

    /// Who has a name.
    #[napi(catch_unwind)]
    pub fn whereis(&self, name: String) -> Result<Option<f64>> {
        self.cell.with(|open| {
            open.handle_signals();
            Ok(open.shard.whereis(&name).map(to_js))
        })
    }

    /// The word of a reason, for one record that carries it.
    #[napi(catch_unwind)]
    pub fn intern_reason(&self, reason: ReasonData) -> Result<u32> {
        self.cell.with(|open| Ok(open.shard.intern_reason(ExitReason::try_from(reason)?)))
    }

    /// The word of a failure for any number of `EXIT_SELF` records that say `KEPT`, until it is let go. Without a reason the
    /// isolate alone knows what it says.
    #[napi(catch_unwind)]
    pub fn hold_reason(&self, reason: Option<ReasonData>) -> Result<u32> {
        let failure = reason.map(CrashError::try_from).transpose()?;
        self.cell.with(|open| Ok(open.shard.hold_reason(failure)))
    }

    /// Those of some words that are held which are on their way, too.
    #[napi(catch_unwind)]
    pub fn shared_reasons(&self, words: Vec<u32>) -> Result<Vec<u32>> {
        self.cell.with(|open| Ok(words.into_iter().filter(|word| open.shard.is_reason_shared(*word)).collect()))
    }

    /// A word is held no longer that says what it is, or that nobody else has.
    #[napi(catch_unwind)]
    pub fn let_go_of_reason(&self, word: u32) -> Result<()> {
        self.cell.with(|open| {
            open.shard.let_go_of_reason(word);
            Ok(())
        })
    }

    /// What a word says that is on its way; it is held no longer.
    #[napi(catch_unwind)]
    pub fn tell_reason(&self, word: u32, reason: ReasonData) -> Result<()> {
        let failure = CrashError::try_from(reason)?;
        self.cell.with(|open| {
            open.shard.tell_reason(word, failure);
            Ok(())
        })
    }

    /// The reason of a word in the completion ring.
    #[napi(catch_unwind)]
    pub fn reason(&self, word: u32) -> Result<Option<ReasonData>> {
        self.cell.with(|open| Ok(open.shard.reason(word).as_ref().map(ReasonData::from)))
    }

    /// The batch is over, and signals act.
    #[napi(catch_unwind)]
    pub fn end_batch(&self) -> Result<()> {
        self.cell.with(|open| {
            open.shard.end_batch();
            open.handle_signals();
            Ok(())
        })
    }

    /// Lets signals act between two messages of a batch.
    #[napi(catch_unwind)]
    pub fn handle_signals(&self) -> Result<()> {
        self.cell.with(|open| {
            open.handle_signals();
            Ok(())
        })
    }

    /// Whether the actor lives.
    #[napi(catch_unwind)]
    pub fn is_alive(&self, low: u32, generation: u32) -> Result<bool> {
        self.cell.with(|open| {
            open.handle_signals();
            Ok(open.shard.is_alive(Pid::from_words(low, generation)))
        })
    }

    /// Whether the PID was ever given out.
    #[napi(catch_unwind)]
    pub fn ever_existed(&self, low: u32, generation: u32) -> Result<bool> {
        self.cell.with(|open| Ok(open.shard.ever_existed(Pid::from_words(low, generation))))
    }

    /// What is known of an actor.
    #[napi(catch_unwind)]
    pub fn info(&self, low: u32, generation: u32) -> Result<Option<InfoData>> {
        self.cell.with(|open| {
            open.handle_signals();
            let pid = Pid::from_words(low, generation);
            Ok(open.shard.info(pid).map(|info| InfoData::from((pid, info))))
        })
    }

    /// The `n` actors that have most of `by`, the highest first.
    #[napi(catch_unwind)]
    pub fn top(&self, n: u32, by: String) -> Result<Vec<InfoData>> {
        let by = Measure::named(&by).ok_or_else(|| Error::new(Status::InvalidArg, "no such measure"))?;
        self.cell.with(|open| {
            open.handle_signals();
            Ok(open.shard.top(n as usize, by).into_iter().map(InfoData::from).collect())
        })
    }

    /// The accounts of all live actors, five numbers each: PID, messages, microseconds, mailbox, bytes.
    #[napi(catch_unwind)]
    pub fn usages(&self) -> Result<Float64Array> {
        self.cell.with(|open| {
            open.handle_signals();
            Ok(Float64Array::new(open.shard.usages().flat_map(words_of).collect()))
        })
    }

    /// The PIDs of all live actors, in the order of their spawn.
    #[napi(catch_unwind)]
    pub fn live(&self) -> Result<Float64Array> {
        self.cell.with(|open| {
            open.handle_signals();
            Ok(Float64Array::new(open.shard.live().map(to_js).collect()))
        })
    }

    /// The shard's counters.
    #[napi(catch_unwind)]
    pub fn stats(&self) -> Result<StatsData> {
        self.cell.with(|open| {
            open.handle_signals();
            Ok(StatsData::from(&open.shard.stats()))
        })
    }

    /// Turns everything that is left into dead letters, and fills the completion ring with them; call it until it
    /// returns 0: then the shard is gone.
    #[napi(catch_unwind)]
    pub fn close(&self) -> u32 {
        let written = match &mut *self.cell.open.borrow_mut() {
            None => 0,
            Some(open) => open.close() as u32,
        };
        if written == 0 {
            self.cell.end();
        }
        written
    }
}

//! Node's door to `myrmidon_actor`: worker shards with the behaviours that an addon has linked.

use crate::{info::InfoData, relay::relay};
use core::{error::Error as StdError, time::Duration};
use myrmidon_actor::{BehaviorInfo, Description, Measure, Notice, Runtime, Silent, Stopped, System};
use myrmidon_core::pid::Pid;
use napi::{Env, Error, Result, Status, Task, bindgen_prelude::AsyncTask};
use napi_derive::napi;
use parking_lot::Mutex;
use std::sync::{Arc, OnceLock};

/// Why behaviours did not start.
pub type StartFailed = Box<dyn StdError + Send + Sync>;

type Start = dyn Fn(&Runtime) -> std::result::Result<(), StartFailed> + Send + Sync;
static START: OnceLock<Box<Start>> = OnceLock::new();

/// Says what an addon's systems begin with: `start` runs once for each system that is opened with `rustShards`, on the thread
/// that opens it, and spawns the actors that TypeScript finds by name. Call it when the addon is loaded:
///
/// ```no_run
/// use myrmidon_node::{myrmidon_actor::{Actor, Context, Runtime, Spawn}, napi, napi_derive::module_init};
///
/// struct Counter;
/// impl Actor for Counter {
///     type Message = ();
///     fn handle(&mut self, (): (), _: &mut Context<()>) {}
/// }
///
/// #[module_init]
/// fn init() {
///     myrmidon_node::behaviors(|runtime: &Runtime| {
///         runtime.spawn_with(&Spawn::new().named("counter"), Counter)?;
///         Ok(())
///     });
/// }
/// ```
///
/// # Panics
/// When it was called before: an addon has one such function.
pub fn behaviors(start: impl Fn(&Runtime) -> std::result::Result<(), StartFailed> + Send + Sync + 'static) {
    assert!(START.set(Box::new(start)).is_ok(), "an addon says once what its systems begin with");
}

/// Sizes of the Rust half of a system.
#[napi(object)]
pub struct RustOptions {
    /// A handle of `openSystem`.
    pub system: u32,
    /// Worker shards.
    pub shards: u32,
    /// Actors of each.
    pub max_actors: u32,
    /// Messages of a mailbox that says nothing else.
    pub mailbox: u32,
    /// Bytes of buffers that may be outstanding.
    pub buffer_bytes: f64,
}

/// The worker shards of one system. They end with `close`, or with the environment.
#[napi]
pub struct RustShards {
    runtime: Arc<Mutex<Option<Runtime>>>,
}

fn failed(error: impl ToString) -> Error {
    Error::new(Status::GenericFailure, error.to_string())
}

#[napi]
impl RustShards {
    /// Starts the threads and runs the addon's `behaviors`.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: &Env, options: RustOptions) -> Result<Self> {
        let start = START.get().ok_or_else(|| failed("the addon has no behaviours in Rust"))?;
        let system = System::find(options.system).ok_or_else(|| failed("the system has ended, or never was"))?;
        let told = Arc::downgrade(&system);
        let observer = move |notice: Notice| {
            if let Some(system) = told.upgrade() {
                relay(&system, &notice);
            }
        };
        let runtime = Runtime::builder()
            .observer(observer)
            .system(system)
            .shards(options.shards as usize)
            .max_actors(options.max_actors)
            .mailbox(options.mailbox)
            .buffers(options.buffer_bytes as usize)
            .start()
            .map_err(failed)?;
        // One that fails drops the runtime, and with it what had started.
        start(&runtime).map_err(failed)?;
        let runtime = Arc::new(Mutex::new(Some(runtime)));
        env.add_env_cleanup_hook(Arc::clone(&runtime), |runtime| {
            // Its actors have no time left: nobody is there any more to wait for them.
            if let Some(runtime) = runtime.lock().take() {
                runtime.shutdown(Duration::ZERO);
            }
        })?;
        Ok(Self { runtime })
    }

    /// Ends the actors in order, and the threads; those that have not ended in so many ms are killed. `Infinity` waits
    /// without a limit.
    #[napi(catch_unwind)]
    pub fn close(&self, within: f64) -> Result<AsyncTask<Close>> {
        if within.is_nan() || within < 0.0 {
            let allowed = "`within` is a number of ms, 0 or more, or Infinity";
            return Err(Error::new(Status::InvalidArg, format!("{allowed}; it is {within}")));
        }
        // What no clock can say is without a limit, too.
        let within = Duration::try_from_secs_f64(within / 1000.0).unwrap_or(Duration::MAX);
        Ok(AsyncTask::new(Close { runtime: self.runtime.lock().take(), within }))
    }
}

/// What was left at the end.
#[napi(object)]
pub struct StoppedData {
    /// Actors that had to be killed.
    pub killed: u32,
    /// Threads that are still in a handler, which nothing can end.
    pub stuck: u32,
}

/// See [`RustShards::close`].
pub struct Close {
    runtime: Option<Runtime>,
    within: Duration,
}

impl Task for Close {
    type Output = Stopped;
    type JsValue = StoppedData;

    fn compute(&mut self) -> Result<Stopped> {
        Ok(self.runtime.take().map(|runtime| runtime.shutdown(self.within)).unwrap_or_default())
    }

    fn resolve(&mut self, _: Env, Stopped { killed, stuck }: Stopped) -> Result<StoppedData> {
        Ok(StoppedData { killed, stuck })
    }
}

/// Whether `behaviors` was called.
#[napi(catch_unwind)]
pub fn has_behaviors() -> bool {
    START.get().is_some()
}

/// Whether a shard is a Rust one.
#[napi(catch_unwind)]
pub fn is_rust_shard(shard: u8) -> bool {
    myrmidon_actor::is_worker(shard)
}

/// A living Rust actor.
#[napi(object)]
pub struct RustInfoData {
    /// As of any actor.
    pub info: InfoData,
    /// Its protocol's name; empty: it has none.
    pub protocol: String,
    /// The fingerprint of that protocol; empty: none was declared.
    pub fingerprint: String,
    /// The type of actors that it is of.
    pub behavior: String,
}
impl From<(Pid, Description)> for RustInfoData {
    fn from((pid, found): (Pid, Description)) -> Self {
        Self {
            info: InfoData::from((pid, found.info)),
            protocol: found.protocol.to_owned(),
            fingerprint: found.fingerprint.to_owned(),
            behavior: found.behavior.to_owned(),
        }
    }
}

// A thread of Node's pool waits: without a limit, four shards that are stuck would hold up its files and names.
fn limit(millis: f64) -> Duration {
    Duration::try_from_secs_f64(millis / 1000.0).unwrap_or(LONGEST).min(LONGEST)
}

const LONGEST: Duration = Duration::from_secs(60);

fn silent(_: Silent) -> Error {
    Error::new(Status::GenericFailure, "the shard has not answered in time")
}

/// What is known of a Rust actor; `null`: it does not live. Fails when its shard has not answered in so many ms.
#[napi(catch_unwind)]
pub fn rust_info(low: u32, generation: u32, within: f64) -> AsyncTask<Describe> {
    AsyncTask::new(Describe { pid: Pid::from_words(low, generation), within: limit(within) })
}

/// See [`rust_info`].
pub struct Describe {
    pid: Pid,
    within: Duration,
}

impl Task for Describe {
    type Output = Option<RustInfoData>;
    type JsValue = Option<RustInfoData>;

    fn compute(&mut self) -> Result<Self::Output> {
        let found = myrmidon_actor::describe(self.pid, self.within).map_err(silent)?;
        Ok(found.map(|found| RustInfoData::from((self.pid, found))))
    }

    fn resolve(&mut self, _: Env, found: Self::Output) -> Result<Self::JsValue> {
        Ok(found)
    }
}

/// Holds a Rust actor still, or lets go of it; whether it lives. Fails as [`rust_info`] does.
#[napi(catch_unwind)]
pub fn rust_hold(low: u32, generation: u32, hold: bool, within: f64) -> AsyncTask<Hold> {
    AsyncTask::new(Hold { pid: Pid::from_words(low, generation), is_held: hold, within: limit(within) })
}

/// See [`rust_hold`].
pub struct Hold {
    pid: Pid,
    is_held: bool,
    within: Duration,
}

impl Task for Hold {
    type Output = bool;
    type JsValue = bool;

    fn compute(&mut self) -> Result<bool> {
        myrmidon_actor::suspend(self.pid, self.is_held, self.within).map_err(silent)
    }

    fn resolve(&mut self, _: Env, lives: bool) -> Result<bool> {
        Ok(lives)
    }
}

/// The reader of a stream of one of this shard's Rust actors has gone: by its isolate, and the number that it has there.
#[napi(catch_unwind)]
pub fn rust_reader_gone(shard: u8, isolate: u32, stream: f64) {
    myrmidon_actor::reader_gone(shard, isolate, stream);
}

// Whoever names a shard by a number that none can have is answered as one that is not there.
fn shards_of(shards: &[u32]) -> Vec<u8> {
    shards.iter().map(|shard| u8::try_from(*shard).unwrap_or(u8::MAX)).collect()
}

/// The Rust actors that have most of something, of each of these shards; `null`: it has not answered in so many ms.
#[napi(catch_unwind)]
pub fn rust_top(shards: Vec<u32>, n: u32, by: String, within: f64) -> Result<AsyncTask<Top>> {
    let by = Measure::named(&by).ok_or_else(|| failed(format!("there is no measure {by}")))?;
    Ok(AsyncTask::new(Top { shards: shards_of(&shards), n: n as usize, by, within: limit(within) }))
}

/// See [`rust_top`].
pub struct Top {
    shards: Vec<u8>,
    n: usize,
    by: Measure,
    within: Duration,
}

impl Task for Top {
    type Output = Vec<Option<Vec<RustInfoData>>>;
    type JsValue = Vec<Option<Vec<RustInfoData>>>;

    fn compute(&mut self) -> Result<Self::Output> {
        let found = myrmidon_actor::top(&self.shards, self.n, self.by, self.within);
        Ok(found.into_iter().map(|all| Some(all?.into_iter().map(RustInfoData::from).collect())).collect())
    }

    fn resolve(&mut self, _: Env, found: Self::Output) -> Result<Self::JsValue> {
        Ok(found)
    }
}

/// What the actors of one Rust type have used and hold.
#[napi(object)]
pub struct RustBehaviorData {
    /// Its protocol's name; empty: it has none.
    pub protocol: String,
    /// The type of actors.
    pub behavior: String,
    /// Those that live.
    pub actors: u32,
    /// Messages handled.
    pub reductions: f64,
    /// Microseconds of their handlers.
    pub micros: f64,
    /// Messages that wait.
    pub mailbox: f64,
    /// Bytes that the shard holds for them.
    pub memory: f64,
}
impl From<BehaviorInfo> for RustBehaviorData {
    fn from(info: BehaviorInfo) -> Self {
        Self {
            protocol: info.protocol.to_owned(),
            behavior: info.behavior.to_owned(),
            actors: info.actors,
            reductions: info.reductions as f64,
            micros: info.micros as f64,
            mailbox: info.mailbox as f64,
            memory: info.memory as f64,
        }
    }
}

/// The accounts of all types of Rust actors, of each of these shards; `null` as of [`rust_top`].
#[napi(catch_unwind)]
pub fn rust_behaviors(shards: Vec<u32>, within: f64) -> AsyncTask<Behaviors> {
    AsyncTask::new(Behaviors { shards: shards_of(&shards), within: limit(within) })
}

/// See [`rust_behaviors`].
pub struct Behaviors {
    shards: Vec<u8>,
    within: Duration,
}

impl Task for Behaviors {
    type Output = Vec<Option<Vec<RustBehaviorData>>>;
    type JsValue = Vec<Option<Vec<RustBehaviorData>>>;

    fn compute(&mut self) -> Result<Self::Output> {
        let found = myrmidon_actor::behaviors(&self.shards, self.within);
        Ok(found.into_iter().map(|all| Some(all?.into_iter().map(RustBehaviorData::from).collect())).collect())
    }

    fn resolve(&mut self, _: Env, found: Self::Output) -> Result<Self::JsValue> {
        Ok(found)
    }
}

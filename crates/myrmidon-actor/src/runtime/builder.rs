//! The options of a runtime, and how it starts.

use super::Runtime;
use crate::{
    Notice, StartError,
    answer::channel,
    lend::Pool,
    observer::Observer,
    spawn::MOST_MESSAGES,
    swap::{OnSwap, SwapEvent},
    worker::{self, Plan},
};
use core::{fmt, time::Duration};
use myrmidon_core::{pid::MAX_INDEX, shard::ShardConfig};
use myrmidon_runtime::System;
use parking_lot::Mutex;
use std::{sync::Arc, thread};

/// Worker shards that a runtime may have.
const MOST_SHARDS: usize = 64;

/// The options of a runtime.
pub struct Builder {
    shards: usize,
    pool: usize,
    max_actors: u32,
    mailbox: u32,
    long_slice: Duration,
    buffers: usize,
    observer: Option<Observer>,
    system: Option<Arc<System>>,
    on_swap: Option<Arc<OnSwap>>,
    #[cfg(feature = "tokio")]
    tokio: Option<tokio::runtime::Handle>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("shards", &self.shards).finish_non_exhaustive()
    }
}

impl Default for Builder {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            shards: cores.min(MOST_SHARDS),
            pool: cores,
            max_actors: 1 << 20,
            mailbox: 65_536,
            long_slice: Duration::from_millis(1),
            buffers: 1 << 30,
            observer: None,
            system: None,
            on_swap: None,
            #[cfg(feature = "tokio")]
            tokio: None,
        }
    }
}

impl Builder {
    /// How many worker shards there are, each a thread: by default one for each core of the machine.
    #[must_use]
    pub fn shards(mut self, shards: usize) -> Self {
        self.shards = shards;
        self
    }

    /// How many threads there may be for handlers that run long: by default one for each core. Started when needed.
    #[must_use]
    pub fn pool(mut self, threads: usize) -> Self {
        self.pool = threads;
        self
    }

    /// How many actors each shard may have at a time: 2^20 by default.
    ///
    /// When it starts, each shard reserves 72 bytes of address space for each of them, but 288 MiB at most (4,194,304
    /// actors; for more, it grows by a copy when they come). Memory is used only for actors that there have been. Where
    /// the address space of the process is limited (`ulimit -v`), leave that much for each shard, or it grows by
    /// copies.
    #[must_use]
    pub fn max_actors(mut self, actors: u32) -> Self {
        self.max_actors = actors;
        self
    }

    /// How many messages a mailbox holds, unless its spawn says otherwise: 65,536 by default.
    #[must_use]
    pub fn mailbox(mut self, messages: u32) -> Self {
        self.mailbox = messages;
        self
    }

    /// How long the messages that an actor handles in a row may take: one that takes longer waits behind all others
    /// next.
    #[must_use]
    pub fn long_slice(mut self, time: Duration) -> Self {
        self.long_slice = time;
        self
    }

    /// How many bytes all buffers of the system may have together: 1 GiB by default. A runtime that joins a system has
    /// the limit of that system.
    #[must_use]
    pub fn buffers(mut self, bytes: usize) -> Self {
        self.buffers = bytes;
        self
    }

    /// Hears of dead letters, crashes, and trees that end because too much of them was started again. It runs on the shards' threads: it may tell actors, and must not wait.
    ///
    /// ```
    /// use myrmidon_actor::{Context, Notice, Runtime, behavior};
    /// let (sender, notices) = std::sync::mpsc::channel();
    /// let observer = move |notice| drop(sender.send(notice));
    /// let runtime = Runtime::builder().observer(observer).start()?;
    /// let actor = runtime.spawn(behavior((), |_: &mut (), (): (), _: &mut Context<()>| panic!("oops")))?;
    /// actor.tell(())?;
    /// assert!(matches!(notices.recv()?, Notice::Crashed { pid, .. } if pid == actor.pid()));
    /// actor.tell(())?;
    /// assert!(matches!(notices.recv()?, Notice::DeadLetter(letter) if letter.to == actor.pid()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn observer(mut self, observer: impl Fn(Notice) + Send + Sync + 'static) -> Self {
        self.observer = Some(Observer(Arc::new(observer)));
        self
    }

    /// Joins an existing system, beside its isolates, instead of opening one.
    #[must_use]
    pub fn system(mut self, system: Arc<System>) -> Self {
        self.system = Some(system);
        self
    }

    /// Sets what hears of each swap and each rollback (G81). It runs on the actor's shard, between two handlers, and
    /// must not wait.
    #[must_use]
    pub fn on_swap(mut self, listener: impl Fn(SwapEvent) + Send + Sync + 'static) -> Self {
        self.on_swap = Some(Arc::new(listener));
        self
    }

    /// Where the futures of asynchronous handlers run: by default on a tokio runtime of its own, made when it is
    /// needed.
    #[cfg(feature = "tokio")]
    #[must_use]
    pub fn tokio(mut self, handle: tokio::runtime::Handle) -> Self {
        self.tokio = Some(handle);
        self
    }

    /// Starts the runtime with its threads.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(self) -> Result<Runtime, StartError> {
        check("shards", (1..=MOST_SHARDS).contains(&self.shards), "1 to 64")?;
        check("pool", (1..=1024).contains(&self.pool), "1 to 1,024")?;
        check("max_actors", (1..=MAX_INDEX).contains(&self.max_actors), "1 to 16,777,215")?;
        check("mailbox", (1..=MOST_MESSAGES).contains(&self.mailbox), "1 to 2^30")?;
        let long = self.long_slice.as_micros();
        check("long_slice", (1..=10_000_000).contains(&long), "1 us to 10 s")?;
        let system = self.system.unwrap_or_else(System::open);
        let pool = Arc::new(Pool::new(self.pool));
        let account = system.account(self.buffers);
        #[cfg(feature = "tokio")]
        let tasks = Arc::new(crate::asynchronous::Tasks::new(self.tokio));
        let mut runtime = Runtime {
            system: Arc::clone(&system),
            pool: Arc::clone(&pool),
            doors: Vec::new(),
            threads: Mutex::default(),
        };
        for at in 0..self.shards {
            let plan = Plan {
                system: Arc::clone(&system),
                config: ShardConfig {
                    shard: 0,
                    max_actors: self.max_actors,
                    default_capacity: self.mailbox,
                    seed: None,
                    long_slice_us: long as u32,
                },
                account: Arc::clone(&account),
                observer: self.observer.clone(),
                pool: Arc::clone(&pool),
                on_swap: self.on_swap.clone(),
                #[cfg(feature = "tokio")]
                tasks: Arc::clone(&tasks),
            };
            let (ready, started) = channel();
            let thread = thread::Builder::new()
                .name(format!("myrmidon-{at}"))
                .spawn(move || worker::run(plan, ready))
                .map_err(|error| StartError::Thread(error.to_string()))?;
            runtime.threads.lock().push(thread);
            // A runtime that starts in part is dropped here, and ends what has started.
            let door = started.wait().unwrap_or(Err(StartError::NoShard))?;
            runtime.doors.push(door);
        }
        Ok(runtime)
    }
}

fn check(name: &'static str, holds: bool, allowed: &'static str) -> Result<(), StartError> {
    if holds { Ok(()) } else { Err(StartError::Option { name, allowed }) }
}

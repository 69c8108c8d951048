//! Threads to which actors are lent whose handlers run long, and who gives them back.
//!
//! Protocol: the shard takes the actor's body out of its place and marks the actor busy (BUSY), so that its next message
//! does not enter; the borrower runs one handler, and returns the body by the urgent lane of the shard's door, which is
//! never refused; the shard puts it back and marks the actor ready (READY). Between the two nobody else has the body: it
//! is moved, not shared. An actor that ended meanwhile gets its body back only to drop it, and so does one of which another
//! version was brought back: each loan has a number.
//!
//! Bounded: an actor is lent for one message at a time, so that there are never more jobs than actors.

use parking_lot::{Condvar, Mutex};
use std::{
    collections::VecDeque,
    sync::Arc,
    thread::{Builder, JoinHandle},
    time::Instant,
};

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    idle: usize,
    /// Threads in a job. A job does not panic: it catches what its handler does.
    busy: u32,
    closed: bool,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    queue: Mutex<Queue>,
    more: Condvar,
    /// No thread is in a job any more.
    less: Condvar,
}

/// See the module. Threads are made when there is work for them.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    most: usize,
}

impl Pool {
    pub fn new(most: usize) -> Self {
        Self {
            shared: Arc::new(Shared { queue: Mutex::default(), more: Condvar::new(), less: Condvar::new() }),
            most: most.max(1),
        }
    }

    /// Runs a job on one of the threads, oldest first. Where there is no thread to be had, here and now.
    pub fn run(&self, job: Job) {
        let refused = {
            let mut queue = self.shared.queue.lock();
            if queue.closed {
                Some(job)
            } else {
                queue.jobs.push_back(job);
                if queue.idle < queue.jobs.len() && queue.threads.len() < self.most {
                    let shared = Arc::clone(&self.shared);
                    if let Ok(thread) = Builder::new().name("myrmidon-lent".into()).spawn(move || work(&shared)) {
                        queue.threads.push(thread);
                    }
                }
                if queue.threads.is_empty() { queue.jobs.pop_back() } else { None }
            }
        };
        self.shared.more.notify_one();
        if let Some(job) = refused {
            job();
        }
    }

    /// Takes no more jobs; those that wait are dropped. Those that run are waited for until a time: how many still do then.
    pub fn close(&self, deadline: Option<Instant>) -> u32 {
        let (threads, jobs) = {
            let mut queue = self.shared.queue.lock();
            queue.closed = true;
            (core::mem::take(&mut queue.threads), core::mem::take(&mut queue.jobs))
        };
        self.shared.more.notify_all();
        // With them go actors, and their destructors are the user's.
        drop(jobs);
        let Some(deadline) = deadline else { return 0 };
        let stuck = {
            let mut queue = self.shared.queue.lock();
            while queue.busy > 0 && !self.shared.less.wait_until(&mut queue, deadline).timed_out() {}
            queue.busy
        };
        if stuck == 0 {
            for thread in threads {
                drop(thread.join());
            }
        }
        stuck
    }
}

fn work(shared: &Shared) {
    let mut queue = shared.queue.lock();
    loop {
        if let Some(job) = queue.jobs.pop_front() {
            queue.busy += 1;
            drop(queue);
            job();
            queue = shared.queue.lock();
            queue.busy -= 1;
            if queue.busy == 0 {
                shared.less.notify_all();
            }
        } else if queue.closed {
            return;
        } else {
            queue.idle += 1;
            shared.more.wait(&mut queue);
            queue.idle -= 1;
        }
    }
}

//! Threads to which actors are lent whose handlers run long, and who gives them back.
//!
//! Protocol: the shard takes the actor's body out of its place and marks the actor busy (BUSY), so that its next message
//! does not enter; the borrower runs one handler, and returns the body by the urgent lane of the shard's door, which is
//! never refused; the shard puts it back and marks the actor ready (READY). Between the two nobody else has the body: it
//! is moved, not shared. An actor that ended meanwhile gets its body back only to drop it.
//!
//! Bounded: an actor is lent for one message at a time, so that there are never more jobs than actors.

use parking_lot::{Condvar, Mutex};
use std::{
    collections::VecDeque,
    sync::Arc,
    thread::{Builder, JoinHandle},
};

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    idle: usize,
    closed: bool,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    queue: Mutex<Queue>,
    more: Condvar,
}

/// See the module. Threads are made when there is work for them.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    most: usize,
}

impl Pool {
    pub fn new(most: usize) -> Self {
        Self { shared: Arc::new(Shared { queue: Mutex::default(), more: Condvar::new() }), most: most.max(1) }
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

    /// Takes no more jobs. Those that run are waited for, those that wait are dropped.
    pub fn close(&self, wait: bool) {
        let (threads, jobs) = {
            let mut queue = self.shared.queue.lock();
            queue.closed = true;
            (core::mem::take(&mut queue.threads), core::mem::take(&mut queue.jobs))
        };
        self.shared.more.notify_all();
        // With them go actors, and their destructors are the user's.
        drop(jobs);
        if wait {
            for thread in threads {
                if thread.thread().id() != std::thread::current().id() {
                    drop(thread.join());
                }
            }
        }
    }
}

fn work(shared: &Shared) {
    let mut queue = shared.queue.lock();
    loop {
        if let Some(job) = queue.jobs.pop_front() {
            drop(queue);
            job();
            queue = shared.queue.lock();
        } else if queue.closed {
            return;
        } else {
            queue.idle += 1;
            shared.more.wait(&mut queue);
            queue.idle -= 1;
        }
    }
}

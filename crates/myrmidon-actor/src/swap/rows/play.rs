//! Plays one row.

use super::{
    meter::{Message, Meter, Reply, State, World},
    text::{error_text, handled_text, reason_text, version_of},
    upgrades::{Chain, Gate, step},
};
use crate::{
    ActorRef, Answer, AskError, Canary, Pid, Runtime, Spawn, clock,
    door::{self, Errand},
    rest,
    runtime::request,
    swap::{DryRun, GroupReport, Handled, SwapError, SwapEvent, SwapOptions, Verdict, requests},
    worker::{Requester, Worker},
};
use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, mpsc},
};

type Text = Pin<Box<dyn Future<Output = String>>>;
type Json = Pin<Box<dyn Future<Output = Value>>>;

fn expect(found: &Value, wanted: &Value) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("found {found}")) }
}

struct Play {
    row: Value,
    runtime: Runtime,
    world: Arc<Mutex<World>>,
    gate: Arc<Gate>,
    texts: HashMap<String, Text>,
    results: HashMap<String, String>,
    reports_to_come: HashMap<String, Json>,
    reports: HashMap<String, Value>,
    ends: HashMap<String, Text>,
    ended: HashMap<String, String>,
    events: Arc<Mutex<Vec<SwapEvent>>>,
    /// What canaries that went back had begun.
    letters: Arc<Mutex<Vec<String>>>,
}

/// `Err`: the first step that does not hold.
pub fn run(row: &Value) -> Result<(), String> {
    clock::tests::set(0.0);
    let events: Arc<Mutex<Vec<SwapEvent>>> = Arc::default();
    let told = Arc::clone(&events);
    let runtime = Runtime::builder().shards(1).pool(16).on_swap(move |event| told.lock().push(event));
    let mut play = Play {
        row: row.clone(),
        runtime: runtime.start().expect("a runtime"),
        world: Arc::default(),
        gate: Arc::default(),
        texts: HashMap::new(),
        results: HashMap::new(),
        reports_to_come: HashMap::new(),
        reports: HashMap::new(),
        ends: HashMap::new(),
        ended: HashMap::new(),
        events,
        letters: Arc::default(),
    };
    play.world.lock().versions = row["versions"].clone();
    let steps = row["steps"].as_array().expect("steps").clone();
    let result = steps.iter().try_for_each(|step| {
        let done = play.perform(step).map_err(|why| format!("{step}: {why}"));
        play.settle();
        done
    });
    play.gate.close();
    play.world.lock().waiting.clear();
    result
}

fn poll<T>(future: &mut Pin<Box<dyn Future<Output = T>>>) -> Option<T> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn poll_all<T>(coming: &mut HashMap<String, Pin<Box<dyn Future<Output = T>>>>, done: &mut HashMap<String, T>) {
    coming.retain(|name, future| match poll(future) {
        Some(value) => {
            done.insert(name.clone(), value);
            false
        }
        None => true,
    });
}

impl Play {
    fn door(&self) -> &Arc<door::Door> {
        &self.runtime.doors()[0]
    }

    /// Returns once nothing happens any more.
    fn settle(&mut self) {
        rest::settle(self.door(), || self.gate.waiting());
        poll_all(&mut self.texts, &mut self.results);
        poll_all(&mut self.reports_to_come, &mut self.reports);
        poll_all(&mut self.ends, &mut self.ended);
    }

    fn advance(&mut self, ms: f64) {
        let door = Arc::clone(self.door());
        rest::advance(&door, ms, || self.settle());
    }

    fn actor(&self, name: &str) -> ActorRef<Message> {
        *self.world.lock().pids.get(name).unwrap_or_else(|| panic!("the row has no actor {name}"))
    }

    fn name(&self, pid: Pid) -> String {
        let world = self.world.lock();
        world.pids.iter().find(|(_, actor)| actor.pid() == pid).map_or_else(|| "?".into(), |(name, _)| name.clone())
    }

    fn spawn(&mut self, name: &str, options: &Value) {
        let state = State {
            id: name.into(),
            n: options["n"].as_i64().unwrap_or(0),
            odd: options["odd"] == true,
            world: Arc::clone(&self.world),
        };
        let mut spawn = Spawn::new();
        if let Some(name) = options["name"].as_str() {
            spawn = spawn.named(name);
        }
        let actor = match options["version"].as_str() {
            Some("2") => self.runtime.spawn_async(&spawn, Meter::<2>(state)),
            Some("3") => self.runtime.spawn_async(&spawn, Meter::<3>(state)),
            _ => self.runtime.spawn_async(&spawn, Meter::<1>(state)),
        };
        self.world.lock().pids.insert(name.into(), actor.expect("room"));
    }

    fn swap(&mut self, name: &str, actor: &str, upgrade: &str, row: &Value) {
        let (actor, rows) = (self.actor(actor), self.row["upgrades"].clone());
        let gate = Arc::clone(&self.gate);
        let verdict = match (upgrade, options(row)) {
            (_, Err(error)) => Verdict::known(Err(error)),
            ("1-2", Ok(options)) => step::<1, 2>(&rows, &gate).swap(actor, &options),
            ("2-3", Ok(options)) => step::<2, 3>(&rows, &gate).swap(actor, &options),
            ("1-3", Ok(options)) => step::<1, 3>(&rows, &gate).swap(actor, &options),
            ("2-1", Ok(options)) => step::<2, 1>(&rows, &gate).swap(actor, &options),
            ("3-4", Ok(options)) => step::<3, 4>(&rows, &gate).swap(actor, &options),
            ("1-2-3", Ok(options)) => chain(&rows, &gate).swap(actor, &options),
            (other, _) => panic!("no upgrade {other}"),
        };
        let (letters, of) = (Arc::clone(&self.letters), self.name(actor.pid()));
        let text = async move {
            match verdict.await {
                Ok(()) => "ok".into(),
                Err(error) => {
                    if let SwapError::RolledBack { open, .. } = &error {
                        let note = |one: &Handled<String>| format!("SwapRolledBack {of} {}", one.note);
                        letters.lock().extend(open.iter().map(note));
                    }
                    error_text(&error)
                }
            }
        };
        self.texts.insert(name.into(), Box::pin(text));
    }

    fn roll_back(&mut self, name: &str, actor: &str, row: &Value) {
        let actor = self.actor(actor);
        let ms = row["timeout"].as_f64().unwrap_or(5000.0);
        let to = row["version"].as_str().map(|version| match version {
            "1" => crate::version::version_of::<Meter<1>>(),
            "2" => crate::version::version_of::<Meter<2>>(),
            _ => crate::version::version_of::<Meter<3>>(),
        });
        // As `roll_back` does, with the time of the row.
        let (answer, receiver) = crate::answer::channel();
        let (pid, number) = (actor.pid(), requests(1));
        super::super::on_shard_of(pid, move |worker| {
            let tell = Box::new(move |result: Result<(), super::super::Refused>| {
                answer.send(result.map_err(SwapError::<String>::from));
            });
            worker.swaps.requests.insert(number, Requester::One(tell));
            if let Err(refused) = worker.ask_back(pid, number, to, ms) {
                worker.answer_request(number, Err(refused));
            }
        });
        let verdict = Verdict::<(), SwapError<String>>::coming(receiver);
        let text = async move { verdict.await.map_or_else(|error| error_text(&error), |()| "ok".into()) };
        self.texts.insert(name.into(), Box::pin(text));
    }

    fn swap_all(&mut self, name: &str, upgrade: &str, row: &Value) {
        let (rows, gate) = (self.row["upgrades"].clone(), Arc::clone(&self.gate));
        let mut options = options(row).expect("options in range");
        if row["together"] == true {
            options = options.together();
        }
        if let Some(most) = row["concurrency"].as_u64() {
            options = options.concurrency(most as usize);
        }
        let chosen: Option<Vec<Pid>> = row["where"]
            .as_array()
            .map(|names| names.iter().map(|name| self.actor(name.as_str().expect("a name")).pid()).collect());
        if let Some(root) = row["tree"].as_str() {
            let verdict = step::<1, 2>(&rows, &gate).swap_tree(&self.runtime, self.actor(root), &options);
            return self.report_to_come(name, verdict);
        }
        let choose = |actor: ActorRef<Message>| chosen.as_ref().is_none_or(|all| all.contains(&actor.pid()));
        let verdict = match upgrade {
            "1-2" => step::<1, 2>(&rows, &gate).swap_where(&self.runtime, &options, choose),
            "2-3" => step::<2, 3>(&rows, &gate).swap_where(&self.runtime, &options, choose),
            other => panic!("no upgrade {other}"),
        };
        self.report_to_come(name, verdict);
    }

    fn report_to_come(&mut self, name: &str, verdict: Verdict<GroupReport<String>, SwapError<String>>) {
        let names: HashMap<Pid, String> =
            self.world.lock().pids.iter().map(|(name, actor)| (actor.pid(), name.clone())).collect();
        let letters = Arc::clone(&self.letters);
        let report = async move {
            let report: GroupReport<String> = verdict.await.expect("a report");
            let back = report.rolled_back.iter().map(|one| {
                let of = &names[&one.actor];
                letters.lock().extend(one.open.iter().map(|open| format!("SwapRolledBack {of} {}", open.note)));
                format!("{of} RolledBack({}: {})", reason_text(&one.reason), handled_text(&one.handled))
            });
            let failed = report.failed.iter().map(|(pid, error)| format!("{} {}", names[pid], error_text(error)));
            json!({
                "swapped": report.swapped,
                "rolledBack": back.collect::<Vec<_>>(),
                "failed": failed.collect::<Vec<_>>(),
            })
        };
        self.reports_to_come.insert(name.into(), Box::pin(report));
    }

    fn plan(&mut self, name: &str, upgrade: &str, row: &Value) {
        assert_eq!(upgrade, "1-2");
        let upgrade = step::<1, 2>(&self.row["upgrades"], &self.gate);
        let sample = row["sample"].as_u64().map(|most| most as usize);
        let found: DryRun = upgrade.plan(&self.runtime, sample).wait().expect("a dry run");
        let failed = found.failed.iter().map(|(pid, error)| {
            let error = match error {
                SwapError::MigrationFailed(why) => SwapError::MigrationFailed(why.clone()),
                SwapError::StateNotCopyable(why) => SwapError::StateNotCopyable(why.clone()),
                other => panic!("{other}"),
            };
            format!("{} {}", self.name(*pid), error_text(&error))
        });
        // One that is busy has its state with it: it is counted apart.
        let checked = found.checked + found.busy;
        let planned = json!({ "checked": checked, "failed": failed.collect::<Vec<_>>() });
        self.reports.insert(name.into(), planned);
    }

    fn ask(&mut self, name: &str, actor: &str, text: &str) {
        let text = text.to_owned();
        let answer: Answer<Result<i64, String>> = self.actor(actor).ask(|reply: Reply| Message::Ask(text, reply));
        let text = async move {
            match answer.await {
                Ok(Ok(n)) => format!("ok {n}"),
                Ok(Err(why)) => format!("error {why}"),
                Err(AskError::ActorExited(reason)) => format!("ActorExited({})", reason_text(&reason)),
                Err(other) => format!("{other:?}"),
            }
        };
        self.texts.insert(name.into(), Box::pin(text));
    }

    fn flood(&self, actor: &str, count: u64) {
        let actor = self.actor(actor);
        request(self.door(), move |worker| {
            for _ in 0..count {
                let mut message = Some(Message::Tell("count".into()));
                worker.tell(actor.pid(), actor.kind(), &mut message).expect("room");
            }
        });
    }

    fn perform(&mut self, step: &Value) -> Result<(), String> {
        let text = |at: usize| step[at].as_str().unwrap_or_default();
        match text(0) {
            "batch" => {
                // The shard stands still until all of them are in line; it does so before the first is.
                let ((still, stands), (open, gate)) = (mpsc::channel(), mpsc::channel::<()>());
                let wait = move |_: &mut Worker| {
                    let _: Result<(), _> = still.send(());
                    let _: Result<(), _> = gate.recv();
                };
                self.door().urge(Errand::Run(Box::new(wait)));
                stands.recv().expect("a shard");
                let done = step[1].as_array().expect("steps").iter().try_for_each(|each| self.perform(each));
                drop(open);
                return done;
            }
            "spawn" => self.spawn(text(1), &step[2]),
            "tell" => self.actor(text(1)).tell(Message::Tell(text(2).into())).map_err(|error| error.to_string())?,
            "flood" => self.flood(text(1), step[2].as_u64().expect("a number")),
            "ask" => self.ask(text(1), text(2), text(3)),
            "release" => {
                let pid = self.actor(text(1)).pid();
                request(self.door(), move |worker| worker.waits(pid, false));
                let mut world = self.world.lock();
                let waiting = world.waiting.get_mut(text(1)).expect("a handler that waits");
                waiting.retain(|one| !one.is_closed());
                let _: Result<(), ()> = waiting.pop_front().expect("a handler that waits").send(());
            }
            "answer" => {
                let open = self.world.lock().open.get_mut(text(1)).and_then(std::collections::VecDeque::pop_front);
                if let (Some(reply), n) = open.expect("an open answer") {
                    reply.send(Ok(n));
                }
            }
            "migrated" => self.gate.say(text(1), text(2)),
            "swap" => self.swap(text(1), text(2), text(3), &step[4]),
            "rollback" => self.roll_back(text(1), text(2), &step[3]),
            "swapAll" => self.swap_all(text(1), text(2), &step[3]),
            "plan" => self.plan(text(1), text(2), &step[3]),
            "suspend" => self.actor(text(1)).suspend(),
            "resume" => self.actor(text(1)).resume(),
            "kill" => self.actor(text(1)).kill(),
            "watch" => {
                let end = self.actor(text(2)).ended();
                let text_of = async move { end.await.map_or_else(|error| error.to_string(), |end| reason_text(&end)) };
                self.ends.insert(text(1).into(), Box::pin(text_of));
            }
            "advance" => self.advance(step[1].as_f64().expect("ms")),
            _ => return self.look(step),
        }
        Ok(())
    }

    fn look(&mut self, step: &Value) -> Result<(), String> {
        let text = |at: usize| step[at].as_str().unwrap_or_default();
        let (found, wanted) = match text(0) {
            "outcome" => return Ok(()),
            "log" => (json!(self.world.lock().logs.remove(text(1)).unwrap_or_default()), step[2].clone()),
            "result" => (json!(self.results.get(text(1))), step[2].clone()),
            "report" | "planned" => (json!(self.reports.get(text(1))), step[2].clone()),
            "alive" => (json!(self.runtime.info(self.actor(text(1))).is_some()), step[2].clone()),
            "whereis" => {
                let found = self.runtime.whereis::<Message>(text(1)).map(|actor| self.name(actor.pid()));
                (json!(found), step[2].clone())
            }
            "ended" => (json!(self.ended.get(text(1))), step[2].clone()),
            "events" => {
                let events: Vec<SwapEvent> = core::mem::take(&mut *self.events.lock());
                let one = |event| match event {
                    SwapEvent::Swapped { actor, from, to } => {
                        format!("{} {}>{}", self.name(actor), version_of(from), version_of(to))
                    }
                    SwapEvent::RolledBack { actor, version, reason } => {
                        format!("{} back from {}: {}", self.name(actor), version_of(version), reason_text(&reason))
                    }
                };
                (json!(events.into_iter().map(one).collect::<Vec<_>>()), step[1].clone())
            }
            "dead" => {
                // The other letters are counted here, and told nobody.
                let wanted: Vec<&Value> = step[1].as_array().into_iter().flatten().collect();
                let ours = |one: &&Value| one.as_str().is_some_and(|text| text.starts_with("SwapRolledBack"));
                let wanted: Vec<Value> = wanted.into_iter().filter(ours).cloned().collect();
                (json!(core::mem::take(&mut *self.letters.lock())), json!(wanted))
            }
            "info" => return self.info(text(1), &step[2]),
            other => panic!("unknown step {other}"),
        };
        expect(&found, &wanted)
    }

    fn info(&self, name: &str, wanted: &Value) -> Result<(), String> {
        let actor = self.actor(name);
        let info = self.runtime.info(actor).ok_or("it is gone")?;
        for (key, wanted) in wanted.as_object().expect("an object") {
            let found = match key.as_str() {
                "mailbox" => json!(info.mailbox),
                "links" => json!(info.links.iter().map(|pid| self.name(*pid)).collect::<Vec<_>>()),
                "status" => json!(format!("{:?}", info.status).to_lowercase()),
                "version" => json!(version_of(self.runtime.running(actor).ok_or("it is gone")?.version)),
                other => panic!("unknown info {other}"),
            };
            expect(&found, wanted).map_err(|why| format!("{key}: {why}"))?;
        }
        Ok(())
    }
}

fn chain(rows: &Value, gate: &Arc<Gate>) -> Chain<1, 3> {
    step::<1, 2>(rows, gate).and_then(step::<2, 3>(rows, gate))
}

/// Of a row, with the defaults of `HotSwap`.
fn options(row: &Value) -> Result<SwapOptions, SwapError<String>> {
    // A `Duration` is not negative: the rows' other language has to say so.
    let ms = |value: &Value, name| match value.as_f64() {
        Some(ms) if ms < 0.0 => Err(SwapError::InvalidOption(name)),
        ms => Ok(Duration::from_secs_f64(ms.unwrap_or(5000.0) / 1000.0)),
    };
    let mut options = SwapOptions::new().timeout(ms(&row["timeout"], "timeout")?);
    if let Some(keep) = row["keep"].as_u64() {
        options = options.keep(keep as usize);
    }
    if row["canary"].is_object() {
        let canary = &row["canary"];
        let messages = canary["messages"].as_u64().unwrap_or(1000) as u32;
        let most = canary["maxRollbacks"].as_u64().unwrap_or(1) as usize;
        let within = ms(&canary["within"], "canary.within")?;
        options = options.canary(Canary::messages(messages).within(within).max_rollbacks(most));
    }
    Ok(options)
}

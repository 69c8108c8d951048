//! Plays a row. What each step means: the README of `conformance/supervisor`.

use super::{
    tree::{Body, Tree, specs, tree_of},
    world::{Index, Machine, World, pid_of},
};
use myrmidon_core::{
    exit_reason::ExitReason,
    supervisor::{ChildCount, Command, Done, DynamicCommand, Field, InvalidSpec, Life, Token},
};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc};

/// A fault, in the words of TypeScript.
pub fn invalid(error: &InvalidSpec) -> String {
    let field = match error.field {
        Field::AutoShutdown => "autoShutdown",
        field => field.name(),
    };
    format!("InvalidSpec {} {field}", error.id)
}

/// A row under way.
pub struct Play {
    pub world: World,
    row: Value,
    snapshot: HashMap<String, Index>,
    /// Children of dynamic supervisors, by the command that started them.
    spawned: HashMap<String, Token>,
    /// Lives of theirs since then.
    followed: HashMap<String, (Life, Index)>,
}

fn expect(what: &str, seen: &Value, wanted: &Value) -> Result<(), String> {
    if seen == wanted { Ok(()) } else { Err(format!("{what}: expected {wanted}, saw {seen}")) }
}

fn path_to(tree: &Value, id: &str) -> Option<Vec<String>> {
    let own = tree["id"].as_str()?.to_owned();
    if own == id {
        return Some(vec![own]);
    }
    tree["children"].as_array()?.iter().find_map(|child| path_to(child, id)).map(|below| {
        let mut path = vec![own];
        path.extend(below);
        path
    })
}

impl Play {
    pub fn new(row: &Value) -> Self {
        let mut world = World::default();
        for (id, script) in row["script"].as_object().into_iter().flatten() {
            let words = script.as_array().into_iter().flatten();
            world.script.insert(id.clone(), words.filter_map(|word| word.as_str().map(str::to_owned)).collect());
        }
        Self { world, row: row.clone(), snapshot: HashMap::new(), spawned: HashMap::new(), followed: HashMap::new() }
    }

    pub fn supervisor(&self, id: &str) -> Result<Index, String> {
        let path = path_to(&self.row["tree"], id).ok_or_else(|| format!("no supervisor {id}"))?;
        let mut at = self.world.root.filter(|root| self.world.actors.contains_key(root)).ok_or("the tree is gone")?;
        for next in &path[1..] {
            at = self.world.child(at, next).ok_or_else(|| format!("{next} does not run"))?;
        }
        Ok(at)
    }

    pub fn child(&self, id: &str) -> Result<Index, String> {
        if let Some((_, index)) = self.followed.get(id) {
            return Ok(*index);
        }
        if let Some(token) = self.spawned.get(id) {
            return match self.world.answers.get(token) {
                Some(Ok(Done::Started { pid, .. })) => Ok(pid.index()),
                _ => Err(format!("{id} did not start")),
            };
        }
        let path = path_to(&self.row["tree"], id)
            .unwrap_or_else(|| vec![self.row["tree"]["id"].as_str().unwrap_or_default().into(), id.into()]);
        let above = path
            .len()
            .checked_sub(2)
            .map_or(Err("the root is no child".to_owned()), |at| self.supervisor(&path[at]))?;
        self.world.child(above, id).ok_or_else(|| format!("{id} does not run"))
    }

    fn life(&self, id: &str) -> Option<Life> {
        if let Some((life, _)) = self.followed.get(id) {
            return Some(*life);
        }
        match self.world.answers.get(self.spawned.get(id)?) {
            Some(Ok(Done::Started { life, .. })) => Some(*life),
            _ => None,
        }
    }

    /// Whoever runs, by id.
    pub fn nodes(&self) -> HashMap<String, Index> {
        let mut nodes = HashMap::new();
        let mut left: Vec<Index> = self.world.root.into_iter().collect();
        while let Some(index) = left.pop() {
            if let Some(actor) = self.world.actors.get(&index) {
                nodes.insert(actor.id.clone(), index);
                left.extend(
                    self.world.which(index).iter().filter_map(|info| info.pid).map(myrmidon_core::pid::Pid::index),
                );
            }
        }
        nodes
    }

    pub fn which(&self, id: &str) -> Result<Value, String> {
        let infos = self.world.which(self.supervisor(id)?);
        Ok(infos.iter().map(|info| format!("{} {}", info.id, info.status.name())).collect())
    }

    pub fn size(&self, id: &str) -> Result<usize, String> {
        match self.world.machine(self.supervisor(id)?) {
            Some(Machine::Dynamic(machine)) => Ok(machine.count_children().active),
            _ => Err(format!("{id} is not dynamic")),
        }
    }

    fn worker_of(&self, dynamic: &str, id: &str) -> Result<Arc<Tree>, String> {
        fn find<'a>(tree: &'a Value, id: &str) -> Option<&'a Value> {
            if tree["id"] == id {
                return Some(tree);
            }
            tree["children"].as_array()?.iter().find_map(|child| find(child, id))
        }
        let tree = tree_of(find(&self.row["tree"], dynamic).ok_or("no such supervisor")?).map_err(|e| e.to_string())?;
        let Body::Dynamic { child, trap, hangs, .. } = tree.body else {
            return Err(format!("{dynamic} is not dynamic"));
        };
        Ok(Arc::new(Tree { id: id.into(), treatment: child, body: Body::Worker { trap, hangs, effect: false } }))
    }

    /// One step, and until nothing is runnable.
    pub fn step(&mut self, step: &Value) -> Result<(), String> {
        let done = self.perform(step);
        self.world.settle();
        done
    }

    fn perform(&mut self, step: &Value) -> Result<(), String> {
        let text = |at: usize| step[at].as_str().unwrap_or_default();
        let root = |play: &Self| play.world.root.ok_or("nothing was started");
        match text(0) {
            "start" => match tree_of(&self.row["tree"]) {
                Ok(tree) => self.world.start(&tree),
                Err(error) => self.world.results.push(format!("start: {}", invalid(&error))),
            },
            "stopStart" | "exit" | "stop" => {
                let root = root(self)?;
                self.world.exit(root, ExitReason::SHUTDOWN);
            }
            "crash" => {
                let child = self.child(text(1))?;
                self.world.crash(child, step[2].as_str().unwrap_or("boom"));
            }
            "together" => {
                for id in step[1].as_array().into_iter().flatten() {
                    let child = self.child(id.as_str().unwrap_or_default())?;
                    self.world.crash(child, "boom");
                }
            }
            "leave" => {
                let child = self.child(text(1))?;
                self.world.leave(child, text(2));
            }
            "unlink" => {
                let child = self.child(text(1))?;
                self.world.unlink(child);
            }
            "kill" => {
                let child = self.child(text(1))?;
                self.world.kill(child);
            }
            "suspend" => {
                let child = self.child(text(1))?;
                self.world.suspend(child);
            }
            "resume" => {
                let child = self.child(text(1))?;
                self.world.resume(child);
            }
            "killTree" => {
                let root = root(self)?;
                self.world.kill(root);
            }
            "advance" => self.world.advance(step[1].as_f64().unwrap_or_default()),
            "script" => {
                let words =
                    step[2].as_array().into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned));
                self.world.script.insert(text(1).into(), words.collect());
            }
            "terminate" => self.command(text(1), "terminate", text(2), Command::TerminateChild)?,
            "restart" => self.command(text(1), "restart", text(2), Command::RestartChild)?,
            "delete" => self.command(text(1), "delete", text(2), Command::DeleteChild)?,
            "add" => {
                let to = self.supervisor(text(1))?;
                let label = format!("add {}", step[2]["id"].as_str().unwrap_or_default());
                match tree_of(&step[2]) {
                    Err(error) => self.world.results.push(format!("{label}: {}", invalid(&error))),
                    Ok(tree) => {
                        self.world.command(to, Some(label), Command::StartChild(tree.spec()));
                    }
                }
            }
            "spawn" => {
                let to = self.supervisor(text(1))?;
                let child = self.worker_of(text(1), text(2))?;
                let label = Some(format!("spawn {}", text(2)));
                let token = self.world.dynamic_command(to, label, DynamicCommand::StartChild(child));
                self.spawned.insert(text(2).into(), token);
            }
            "release" => {
                let to = self.supervisor(text(1))?;
                let life = self.life(text(2)).ok_or("it was never started")?;
                let label = Some(format!("release {}", text(2)));
                self.world.dynamic_command(to, label, DynamicCommand::TerminateChild(life));
            }
            "follow" => {
                let dynamic = self.supervisor(text(1))?;
                let child = self.world.child(dynamic, text(1)).ok_or("it has no child that runs")?;
                let life = self.world.life(child).ok_or("it is no child")?;
                self.followed.insert(text(2).into(), (life, child));
            }
            "change" => {
                let root = root(self)?;
                match tree_of(&step[1]) {
                    Err(error) => self.world.results.push(format!("change: {}", invalid(&error))),
                    Ok(tree) => {
                        let Body::Static { options, children } = &tree.body else { return Err("not static".into()) };
                        let command = Command::Change { options: *options, children: specs(children) };
                        self.world.command(root, Some("change".into()), command);
                    }
                }
            }
            "snapshot" => self.snapshot = self.nodes(),
            _ => return self.look(step),
        }
        Ok(())
    }

    fn command(
        &mut self,
        to: &str,
        verb: &str,
        id: &str,
        command: fn(Arc<str>) -> Command<Arc<Tree>>,
    ) -> Result<(), String> {
        let to = self.supervisor(to)?;
        self.world.command(to, Some(format!("{verb} {id}")), command(id.into()));
        Ok(())
    }

    fn look(&mut self, step: &Value) -> Result<(), String> {
        let text = |at: usize| step[at].as_str().unwrap_or_default();
        let verb = text(0);
        match verb {
            "trace" => expect(verb, &json!(std::mem::take(&mut self.world.journal)), &step[1]),
            "sorted" => {
                let mut wanted: Vec<String> = serde_json::from_value(step[1].clone()).map_err(|e| e.to_string())?;
                let mut seen = std::mem::take(&mut self.world.journal);
                wanted.sort_unstable();
                seen.sort_unstable();
                expect(verb, &json!(seen), &json!(wanted))
            }
            "results" => expect(verb, &json!(std::mem::take(&mut self.world.results)), &step[1]),
            "events" => expect(verb, &json!(std::mem::take(&mut self.world.events)), &step[1]),
            "kept" | "renewed" => {
                let nodes = self.nodes();
                for id in step[1].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    let now = nodes.get(id).ok_or_else(|| format!("{id} does not run"))?;
                    if (self.snapshot.get(id) == Some(now)) != (verb == "kept") {
                        return Err(format!("{id} is not {verb}: {}", pid_of(*now)));
                    }
                }
                Ok(())
            }
            "which" => expect(verb, &self.which(text(1))?, &step[2]),
            "count" => {
                let index = self.supervisor(text(1))?;
                let ChildCount { specs, active, supervisors, workers } = match self.world.machine(index) {
                    Some(Machine::Static(machine)) => machine.count_children(),
                    Some(Machine::Dynamic(machine)) => machine.count_children(),
                    None => return Err("no supervisor".into()),
                };
                let seen = json!({ "specs": specs, "active": active, "supervisors": supervisors, "workers": workers });
                expect(verb, &seen, &step[2])
            }
            "size" => expect(verb, &json!(self.size(text(1))?.to_string()), &step[2]),
            "ended" => expect(verb, &json!(self.world.end.as_ref().map(ToString::to_string)), &step[1]),
            "actors" => expect(verb, &json!(self.world.actors.len().to_string()), &step[1]),
            other => Err(format!("no step {other}")),
        }
    }

    /// Whatever still runs is stopped; nothing may be left.
    pub fn finish(&mut self) -> Result<(), String> {
        if let Some(root) = self.world.root {
            self.world.exit(root, ExitReason::SHUTDOWN);
        }
        self.world.settle();
        self.world.advance(3_600_000.0);
        if let Some(actor) = self.world.actors.values().next() {
            return Err(format!("{} is left of the tree", actor.id));
        }
        match self.world.faults.first() {
            Some(fault) => Err(fault.clone()),
            None => Ok(()),
        }
    }
}

pub fn run(row: &Value) -> Result<(), String> {
    let mut play = Play::new(row);
    for (at, step) in row["steps"].as_array().into_iter().flatten().enumerate() {
        play.step(step).map_err(|why| format!("step {at} {step}: {why}"))?;
    }
    play.finish()
}

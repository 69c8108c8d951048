//! Random programs: a tree and what happens to it, as a row of `conformance/supervisor` whose expectations are what the
//! machines did. Another implementation that plays it has to show the same trace.
//!
//! A program has no races: each step meets a tree that is quiet, and what several actors do at once is compared sorted.

use super::{
    dice::Dice,
    row::Play,
    world::{Machine, World},
};
use myrmidon_core::supervisor::Status;
use serde_json::{Value, json};

/// What is known of the program so far.
struct Author {
    dice: Dice,
    tree: Value,
    play: Play,
    steps: Vec<Value>,
    /// The order of what happens at once is not compared.
    sorted: bool,
    /// Results of a stop are told by one side only.
    asked_to_stop: bool,
    /// Somebody has unlinked itself: once let go of, nothing ends it.
    unlinked: bool,
    added: usize,
    spawned: usize,
}

fn worker(dice: &mut Dice, id: &str, significant: bool) -> Value {
    let mut child = json!({ "id": id });
    match dice.below(10) {
        0..5 => {}
        5..8 => child["restart"] = "transient".into(),
        _ => child["restart"] = "temporary".into(),
    }
    if significant && !child["restart"].is_null() && dice.may(60) {
        child["significant"] = true.into();
    }
    match dice.below(10) {
        0 => child["shutdown"] = "brutal".into(),
        1 => child["shutdown"] = 500.into(),
        2 => {
            child["shutdown"] = 700.into();
            child["hangs"] = true.into();
        }
        3 => {
            child["shutdown"] = 300.into();
            child["trap"] = true.into();
        }
        4 => child["shutdown"] = "infinity".into(),
        _ => {}
    }
    child
}

/// A child that is an Effect, or a resource; neither traps, and nobody unlinks it.
fn effect(dice: &mut Dice, id: &str, significant: bool) -> Value {
    let mut child = orderly(dice, id, significant);
    child["effect"] = dice.one(&["runs", "scoped"]).into();
    child
}

/// How a child of this id is an Effect, if it is one.
fn effect_of<'a>(tree: &'a Value, id: &str) -> Option<&'a str> {
    if tree["id"] == id {
        return tree["effect"].as_str();
    }
    tree["children"].as_array()?.iter().find_map(|child| effect_of(child, id))
}

fn options(dice: &mut Dice, node: &mut Value) {
    node["strategy"] = dice.one(&["one_for_one", "one_for_all", "rest_for_one"]).into();
    node["intensity"] = dice.below(5).into();
    node["period"] = (500 * (1 + dice.below(6))).into();
    if dice.may(20) {
        node["backoff"] = json!({ "min": 100, "max": 100 * (1 + dice.below(4)) });
    }
    if dice.may(25) {
        node["autoShutdown"] = dice.one(&["any_significant", "all_significant"]).into();
    }
}

fn tree(dice: &mut Dice) -> Value {
    let mut top = json!({ "id": "top" });
    options(dice, &mut top);
    let significant = !top["autoShutdown"].is_null();
    let children: Vec<Value> = (0..2 + dice.below(3))
        .map(|at| match dice.below(10) {
            0..3 => {
                let mut inner = json!({ "id": format!("in{at}") });
                options(dice, &mut inner);
                let significant = !inner["autoShutdown"].is_null();
                let below = (0..=dice.below(3)).map(|of| {
                    if dice.may(15) {
                        effect(dice, &format!("e{at}{of}"), significant)
                    } else {
                        worker(dice, &format!("w{at}{of}"), significant)
                    }
                });
                inner["children"] = below.collect();
                inner
            }
            3 => {
                let mut child = worker(dice, "of", false);
                child["id"] = format!("of{at}").into();
                json!({ "id": format!("dyn{at}"), "dynamic": true, "intensity": dice.below(4), "period": 1000, "child": child })
            }
            4 => effect(dice, &format!("e{at}"), significant),
            _ => worker(dice, &format!("c{at}"), significant),
        })
        .collect();
    top["children"] = children.into();
    top
}

/// One that ends in order: nobody is left to kill it once its supervisor has let go of it.
fn orderly(dice: &mut Dice, id: &str, significant: bool) -> Value {
    let mut child = worker(dice, id, significant);
    let fields = child.as_object_mut().expect("an object");
    fields.remove("trap");
    fields.remove("hangs");
    child
}

/// Whether a worker of this id may end by itself: one that hangs in its end is never heard of again.
fn ends(tree: &Value, id: &str) -> bool {
    if tree["id"] == id {
        return tree["hangs"] != true;
    }
    tree["children"].as_array().is_none_or(|children| children.iter().all(|child| ends(child, id)))
}

impl Author {
    fn world(&self) -> &World {
        &self.play.world
    }

    fn act(&mut self, step: Value) {
        self.play.step(&step).unwrap_or_else(|why| panic!("{step} in {}: {why}", json!(self.steps)));
        self.steps.push(step);
    }

    fn is_over(&self) -> bool {
        self.world().root.is_none_or(|root| !self.world().actors.contains_key(&root))
    }

    /// Supervisors that can be reached, by kind.
    fn supervisors(&self, dynamic: bool) -> Vec<String> {
        let children = self.tree["children"].as_array().into_iter().flatten();
        let inner = children.filter(|child| !child["children"].is_null() || child["dynamic"] == true);
        std::iter::once(&self.tree)
            .chain(inner)
            .filter(|node| (node["dynamic"] == true) == dynamic)
            .filter_map(|node| node["id"].as_str())
            .filter(|id| self.play.supervisor(id).is_ok())
            .map(str::to_owned)
            .collect()
    }

    /// Children of a static supervisor, in these states.
    fn children(&self, above: &str, wanted: &[Status]) -> Vec<String> {
        let Ok(index) = self.play.supervisor(above) else { return Vec::new() };
        let infos = self.world().which(index);
        infos.iter().filter(|info| wanted.contains(&info.status)).map(|info| info.id.to_string()).collect()
    }

    /// Workers that run, and can be spoken to by their id.
    fn workers(&self) -> Vec<String> {
        let mut found = Vec::new();
        for above in self.supervisors(false) {
            for id in self.children(&above, &[Status::Running]) {
                if self.play.child(&id).is_ok_and(|index| self.world().machine(index).is_none()) {
                    found.push(id);
                }
            }
        }
        found
    }

    fn look(&mut self) {
        let journal = json!(self.world().journal);
        let verb = if self.sorted { "sorted" } else { "trace" };
        self.act(json!([verb, journal]));
        if !self.asked_to_stop {
            let results = json!(self.world().results);
            self.act(json!(["results", results]));
        }
        let ended = json!(self.world().end.as_ref().map(ToString::to_string));
        self.act(json!(["ended", ended]));
        for id in self.supervisors(false) {
            // What it still hears of its children while it ends is its own business.
            let index = self.play.supervisor(&id).expect("it can be reached");
            if self.world().is_ending(index) {
                continue;
            }
            let which = self.play.which(&id).expect("it can be reached");
            self.act(json!(["which", id, which]));
        }
        for id in self.supervisors(true) {
            let index = self.play.supervisor(&id).expect("it can be reached");
            if self.world().is_ending(index) {
                continue;
            }
            let size = self.play.size(&id).expect("it can be reached");
            self.act(json!(["size", id, size.to_string()]));
        }
        // Whoever is on its way to its end is not counted everywhere.
        if self.world().is_calm() {
            let actors = self.world().actors.len().to_string();
            self.act(json!(["actors", actors]));
        }
        // Of inner supervisors, TypeScript tells otherwise what starts again: it keeps its nodes. Of dynamic ones it does
        // not tell how children end that were stopped.
        let mut children = self.tree["children"].as_array().into_iter().flatten();
        if children.all(|child| child["children"].is_null() && child["dynamic"].is_null()) {
            let events = json!(self.world().events);
            self.act(json!(["events", events]));
        }
    }

    fn script(&mut self, id: &str, words: &[&str]) {
        self.act(json!(["script", id, words]));
    }

    /// Something that can be done now.
    fn happen(&mut self) {
        let statics = self.supervisors(false);
        let workers = self.workers();
        match self.dice.below(23) {
            20.. if !workers.is_empty() => {
                let id = workers[self.dice.below(workers.len())].clone();
                let child = self.play.child(&id).expect("it runs");
                let verb = if self.world().is_suspended(child) { "resume" } else { "suspend" };
                self.act(json!([verb, id]));
            }
            0..8 if !workers.is_empty() => self.end_one(&workers),
            8..11 if !self.world().is_nested_start() => {
                let above = statics[self.dice.below(statics.len())].clone();
                let ids = self.children(&above, &[Status::Running, Status::Restarting, Status::Stopped]);
                let id = if ids.is_empty() || self.dice.may(5) {
                    "nobody".to_owned()
                } else {
                    ids[self.dice.below(ids.len())].clone()
                };
                let verb = self.dice.one(&["terminate", "terminate", "restart", "restart", "delete"]);
                self.act(json!([verb, above, id]));
            }
            11 => {
                let id = format!("x{}", self.added % 3);
                self.added += 1;
                let child = orderly(&mut self.dice, &id, true);
                if self.dice.may(40) {
                    let words = [self.dice.one(&["fail", "throw", "ignore", "hang"])];
                    self.script(&id, &words);
                }
                self.act(json!(["add", "top", child]));
            }
            12..14 => self.dynamic(),
            // A nested supervisor with something under way takes its new specs at once in TypeScript, here in its turn.
            14 if self.world().is_calm() => self.change(),
            15 if !workers.is_empty() => {
                let id = workers[self.dice.below(workers.len())].clone();
                if !id.starts_with(['x', 'n', 'e']) {
                    self.unlinked = true;
                    self.act(json!(["unlink", id]));
                }
            }
            16..=18 => self.time(),
            // A nested supervisor that has not started yet is ended at once in TypeScript, here in order.
            _ if self.dice.may(30) && !self.world().is_nested_start() => {
                let verb = self.dice.one(&["stop", "exit"]);
                self.asked_to_stop |= verb == "stop";
                self.act(json!([verb]));
            }
            _ => self.time(),
        }
    }

    /// A worker ends; what its next starts do may be said before.
    fn end_one(&mut self, workers: &[String]) {
        let id = &workers[self.dice.below(workers.len())];
        if self.dice.may(35) {
            let scripted = &workers[self.dice.below(workers.len())];
            let words: Vec<&str> =
                (0..=self.dice.below(2)).map(|_| self.dice.one(&["fail", "throw", "fail", "ignore"])).collect();
            // An Effect that runs has started once it is forked, whatever comes of it.
            if effect_of(&self.tree, scripted) != Some("runs") {
                self.script(scripted, &words);
            }
        } else if self.dice.may(15) && effect_of(&self.tree, id) != Some("runs") {
            self.script(id, &["hang"]);
        }
        match effect_of(&self.tree, id) {
            Some("runs") => {
                let step = match self.dice.below(4) {
                    0 => json!(["leave", id, "normal"]),
                    1 => json!(["kill", id]),
                    _ => json!(["crash", id]),
                };
                return self.act(step);
            }
            // It has no way to end by itself.
            Some(_) => return self.act(json!(["kill", id])),
            None => {}
        }
        let quiet = ends(&self.tree, id) && !id.starts_with('x');
        match self.dice.below(5) {
            0 if quiet => self.act(json!(["leave", id, "normal"])),
            1 if quiet => self.act(json!(["leave", id, "shutdown"])),
            2..4 if quiet => self.act(json!(["crash", id])),
            _ => self.act(json!(["kill", id])),
        }
    }

    fn dynamic(&mut self) {
        let supervisors = self.supervisors(true);
        if supervisors.is_empty() {
            return self.time();
        }
        let above = supervisors[self.dice.below(supervisors.len())].clone();
        let Ok(index) = self.play.supervisor(&above) else { return };
        let size = match self.world().machine(index) {
            Some(Machine::Dynamic(machine)) => machine.count_children().specs,
            Some(Machine::Static(_)) | None => 0,
        };
        if size < 3 || self.dice.may(30) {
            self.spawned += 1;
            self.sorted |= size > 0;
            let id = format!("y{}", self.spawned);
            if self.dice.may(25) {
                // Of one that ignores TypeScript says `SpawnError`: there is no ref to give.
                let words = [self.dice.one(&["fail", "throw", "hang"])];
                self.script(&id, &words);
            }
            self.act(json!(["spawn", above, id]));
            return;
        }
        let id = format!("y{}", 1 + self.dice.below(self.spawned));
        let lives = self.play.child(&id).is_ok_and(|child| self.world().actors.contains_key(&child));
        if self.play.child(&id).is_err() {
            return;
        }
        if lives && self.dice.may(60) {
            self.act(json!(["kill", id]));
        } else {
            self.act(json!(["release", above, id]));
        }
    }

    fn change(&mut self) {
        let mut next = self.tree.clone();
        options(&mut self.dice, &mut next);
        let significant = !next["autoShutdown"].is_null();
        let mut children: Vec<Value> = Vec::new();
        for child in self.tree["children"].as_array().into_iter().flatten() {
            let id = child["id"].as_str().unwrap_or_default();
            let is_worker = child["children"].is_null() && child["dynamic"] != true;
            if is_worker && !self.unlinked && child["trap"] != true && child["hangs"] != true && self.dice.may(15) {
                // Whoever is let go of ends by its link, after the supervisor and at no certain time.
                self.sorted = true;
                continue;
            }
            let mut child = child.clone();
            // Significant only where the new options allow it.
            if !child["effect"].is_null() && !significant {
                child.as_object_mut().expect("an object").remove("significant");
            } else if is_worker && child["effect"].is_null() {
                // How it ends is the actor's own, and it is kept.
                let (trap, hangs) = (child["trap"].clone(), child["hangs"].clone());
                child = orderly(&mut self.dice, id, significant);
                if trap == true || hangs == true {
                    child["shutdown"] = 400.into();
                    child[if trap == true { "trap" } else { "hangs" }] = true.into();
                }
            }
            children.push(child);
        }
        let at = self.dice.below(children.len() + 1);
        children.insert(at, orderly(&mut self.dice, &format!("n{}", self.added), significant));
        self.added += 1;
        if self.dice.may(10) {
            children.push(json!({ "id": children[0]["id"] }));
        }
        next["children"] = children.into();
        // What it lets go of beside: children that were added by hand.
        self.sorted |= self.children("top", &[Status::Running]).iter().any(|id| id.starts_with(['x', 'n']));
        self.act(json!(["change", next]));
    }

    #[allow(clippy::cast_sign_loss, reason = "whole ms, from 0 to a few thousand")]
    fn time(&mut self) {
        let ms = match self.world().next_timer() {
            Some(left) if self.dice.may(60) => left as usize,
            Some(left) => self.dice.below(left as usize),
            None => 100 * (1 + self.dice.below(30)),
        };
        self.act(json!(["advance", ms]));
    }
}

/// The program of a seed.
pub fn program(seed: u64) -> Value {
    let mut dice = Dice::new(seed);
    let tree = tree(&mut dice);
    let mut row = json!({
        "id": format!("R{seed}"),
        "title": "a random tree, and what happens to it",
        "holds": ["G63", "G85", "G88", "G89", "G90", "G91", "G92"],
        "tree": tree,
    });
    let mut author = Author {
        play: Play::new(&row),
        dice,
        tree,
        steps: Vec::new(),
        sorted: false,
        asked_to_stop: false,
        unlinked: false,
        added: 0,
        spawned: 0,
    };
    author.act(json!(["start"]));
    author.look();
    for _ in 0..6 + author.dice.below(14) {
        // Whose turn is first when several wait for one moment is nobody's promise.
        if author.is_over() || author.world().has_rivals() {
            break;
        }
        author.happen();
        author.look();
    }
    row["steps"] = author.steps.into();
    author.play.finish().unwrap_or_else(|why| panic!("{row}: {why}"));
    row
}

/// The programs of these seeds as a file: one a line.
pub fn file(seeds: std::ops::Range<u64>) -> String {
    let programs: Vec<String> = seeds.map(|seed| program(seed).to_string()).collect();
    format!("[\n{}\n]\n", programs.join(",\n"))
}

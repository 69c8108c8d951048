//! Trees as the rows write them, checked as a shell has to: the whole tree, before anything starts (G96).

use myrmidon_core::supervisor::{
    ChildSpec, InvalidSpec, Kind, Options, OptionsInput, ShutdownInput, Treatment, TreatmentInput, check_children,
    check_dynamic,
};
use serde_json::Value;
use std::sync::Arc;

/// One node of a tree: what the machines hand out to start a child.
#[derive(Debug)]
pub struct Tree {
    pub id: String,
    pub treatment: Treatment,
    pub body: Body,
}

#[derive(Debug)]
pub enum Body {
    /// `trap`: it ignores exit signals. `hangs`: its end takes for ever. `effect`: it is an Effect, and no actor.
    Worker {
        trap: bool,
        hangs: bool,
        effect: bool,
    },
    Static {
        options: Options,
        children: Vec<Arc<Tree>>,
    },
    Dynamic {
        options: Options,
        child: Treatment,
        trap: bool,
        hangs: bool,
    },
}

impl Tree {
    pub fn spec(self: &Arc<Self>) -> ChildSpec<Arc<Self>> {
        ChildSpec { id: self.id.as_str().into(), start: self.clone(), treatment: self.treatment }
    }
}

pub fn specs(children: &[Arc<Tree>]) -> Vec<ChildSpec<Arc<Tree>>> {
    children.iter().map(Tree::spec).collect()
}

fn options_of(id: &str, row: &Value) -> Result<Options, InvalidSpec> {
    OptionsInput {
        strategy: row["strategy"].as_str(),
        intensity: row["intensity"].as_f64(),
        period: row["period"].as_f64(),
        backoff: row["backoff"]["min"].as_f64().zip(row["backoff"]["max"].as_f64()),
        auto_shutdown: row["autoShutdown"].as_str(),
    }
    .check(id)
}

fn treatment_of(id: &str, row: &Value, kind: Kind) -> Result<Treatment, InvalidSpec> {
    TreatmentInput {
        restart: row["restart"].as_str(),
        shutdown: row["shutdown"]
            .as_f64()
            .map(ShutdownInput::Millis)
            .or(row["shutdown"].as_str().map(ShutdownInput::Word)),
        significant: row["significant"] == true,
        kind,
    }
    .check(id)
}

pub fn tree_of(row: &Value) -> Result<Arc<Tree>, InvalidSpec> {
    let id = row["id"].as_str().expect("a child has an id").to_owned();
    let flag = |of: &Value, name: &str| of[name] == true;
    let (kind, body) = if let Some(children) = row["children"].as_array() {
        let options = options_of(&id, row)?;
        let children = children.iter().map(tree_of).collect::<Result<Vec<_>, _>>()?;
        check_children(&id, &options, &specs(&children))?;
        (Kind::Supervisor, Body::Static { options, children })
    } else if flag(row, "dynamic") {
        let options = options_of(&id, row)?;
        let child = treatment_of(&id, &row["child"], Kind::Worker)?;
        check_dynamic(&id, &options, &child)?;
        let (trap, hangs) = (flag(&row["child"], "trap"), flag(&row["child"], "hangs"));
        (Kind::Supervisor, Body::Dynamic { options, child, trap, hangs })
    } else {
        (
            Kind::Worker,
            Body::Worker { trap: flag(row, "trap"), hangs: flag(row, "hangs"), effect: row["effect"].is_string() },
        )
    };
    // Options of a dynamic supervisor's treatment mean its children; it is itself an ordinary supervisor.
    let treatment = match body {
        Body::Dynamic { .. } => Treatment::of(kind),
        Body::Worker { .. } | Body::Static { .. } => treatment_of(&id, row, kind)?,
    };
    Ok(Arc::new(Tree { id, treatment, body }))
}

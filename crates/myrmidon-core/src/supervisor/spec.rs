//! Child specs and the options of supervisors, and the rules that they keep before anything starts (G96).
//!
//! [`Options`] and [`Treatment`] are valid by their types wherever that is possible. What a user wrote, in whatever
//! language, comes as [`OptionsInput`] and [`TreatmentInput`], which this file alone checks: bindings only convert.

use super::error::{Field, InvalidSpec};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// The most restarts within a period that can be allowed: the window remembers each.
pub const MAX_INTENSITY: u32 = 1_000_000;
/// The most children of a supervisor with specs of its own.
pub const MAX_STATIC_CHILDREN: usize = 65_536;
/// The most children of a dynamic supervisor, unless its options say less.
pub const MAX_DYNAMIC_CHILDREN: usize = 16_000_000;
/// How long a worker may take to stop, in ms, unless its spec says otherwise.
pub const WORKER_SHUTDOWN: f64 = 5000.0;

/// When a child is started again (G88).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Restart {
    /// Always.
    #[default]
    Permanent,
    /// When it ended by a failure.
    Transient,
    /// Never; its spec goes with it.
    Temporary,
}

/// How a child is stopped (G90).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shutdown {
    /// Killed at once.
    Brutal,
    /// Asked, and killed when it takes longer than so many ms.
    After(f64),
    /// Asked, and waited for.
    Infinity,
}

/// Whether a child is a supervisor itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Kind {
    /// Anything else.
    #[default]
    Worker,
    /// A supervisor of its own children.
    Supervisor,
}

/// Who is started again beside the child that ended (G89).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Strategy {
    /// Nobody else.
    #[default]
    OneForOne,
    /// Everybody.
    OneForAll,
    /// Those started after it.
    RestForOne,
}

/// Whether the end of significant children ends their supervisor (G95).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AutoShutdown {
    /// No child may be significant.
    #[default]
    Never,
    /// The first one does.
    AnySignificant,
    /// The last one does.
    AllSignificant,
}

/// Waits before a restart, in ms: `min`, then twice as long with each restart that counts, at most `max` (G98).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// Before the first.
    pub min: f64,
    /// At most.
    pub max: f64,
}

/// How a supervisor treats its children. Made by [`OptionsInput::check`]; the default is OTP's: one restart in 5 s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    pub(super) strategy: Strategy,
    pub(super) intensity: u32,
    pub(super) period: f64,
    pub(super) backoff: Option<Backoff>,
    pub(super) auto_shutdown: AutoShutdown,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            strategy: Strategy::OneForOne,
            intensity: 1,
            period: 5000.0,
            backoff: None,
            auto_shutdown: AutoShutdown::Never,
        }
    }
}

/// How one child is treated. Made by [`TreatmentInput::check`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Treatment {
    pub(super) restart: Restart,
    pub(super) shutdown: Shutdown,
    pub(super) significant: bool,
    pub(super) kind: Kind,
}

impl Treatment {
    /// A permanent child of this kind, with the time to stop that is usual for it.
    pub const fn of(kind: Kind) -> Self {
        let shutdown = match kind {
            Kind::Worker => Shutdown::After(WORKER_SHUTDOWN),
            Kind::Supervisor => Shutdown::Infinity,
        };
        Self { restart: Restart::Permanent, shutdown, significant: false, kind }
    }
}

/// One child: its name among its siblings, how the shell starts it, and how it is treated.
#[derive(Clone, Debug)]
pub struct ChildSpec<S> {
    /// Unique among its siblings.
    pub id: Arc<str>,
    /// Whatever the shell needs to start it; the machine hands it out and never looks at it.
    pub start: S,
    /// How it is treated.
    pub treatment: Treatment,
}

/// The options of a supervisor as somebody wrote them; what is `None` is usual. Times in ms.
#[derive(Clone, Copy, Debug, Default)]
pub struct OptionsInput<'a> {
    /// `one_for_one`, `one_for_all` or `rest_for_one`.
    pub strategy: Option<&'a str>,
    /// A whole number from 0 to [`MAX_INTENSITY`].
    pub intensity: Option<f64>,
    /// At least 1.
    pub period: Option<f64>,
    /// `min` and `max`: at least 1, in this order.
    pub backoff: Option<(f64, f64)>,
    /// `never`, `any_significant` or `all_significant`.
    pub auto_shutdown: Option<&'a str>,
}

/// A time to stop as somebody wrote it.
#[derive(Clone, Copy, Debug)]
pub enum ShutdownInput<'a> {
    /// `brutal` or `infinity`.
    Word(&'a str),
    /// At least 0.
    Millis(f64),
}

/// How a child is treated, as somebody wrote it; what is `None` is usual.
#[derive(Clone, Copy, Debug, Default)]
pub struct TreatmentInput<'a> {
    /// `permanent`, `transient` or `temporary`.
    pub restart: Option<&'a str>,
    /// How it is stopped.
    pub shutdown: Option<ShutdownInput<'a>>,
    /// Whether its own end may end its supervisor.
    pub significant: bool,
    /// Whether it is a supervisor.
    pub kind: Kind,
}

fn one_of<A: Copy>(id: &str, field: Field, value: Option<&str>, of: &[(&str, A)], usual: A) -> Result<A, InvalidSpec> {
    let Some(value) = value else { return Ok(usual) };
    of.iter()
        .find(|(name, _)| *name == value)
        .map(|(_, meant)| *meant)
        .ok_or_else(|| InvalidSpec::new(id, field, "is none of its words"))
}

#[allow(clippy::cast_sign_loss, reason = "it was compared with 0")]
fn whole(value: f64, most: u32) -> Option<u32> {
    (value >= 0.0 && value <= f64::from(most) && value.fract() == 0.0).then_some(value as u32)
}

// Also refuses NaN.
fn millis(id: &str, field: Field, value: f64, least: f64) -> Result<f64, InvalidSpec> {
    if value >= least { Ok(value) } else { Err(InvalidSpec::new(id, field, "is too short, or no time")) }
}

impl OptionsInput<'_> {
    /// The options of the supervisor `id`, or the first fault.
    ///
    /// # Errors
    /// [`InvalidSpec`] names the supervisor and the option.
    pub fn check(&self, id: &str) -> Result<Options, InvalidSpec> {
        let usual = Options::default();
        let intensity = match self.intensity {
            None => usual.intensity,
            Some(value) => whole(value, MAX_INTENSITY)
                .ok_or_else(|| InvalidSpec::new(id, Field::Intensity, "must be a whole number from 0 to 1000000"))?,
        };
        let backoff = match self.backoff {
            None => None,
            Some((min, max)) => {
                let min = millis(id, Field::BackoffMin, min, 1.0)?;
                let max = millis(id, Field::BackoffMax, max, 1.0)?;
                if max < min {
                    return Err(InvalidSpec::new(id, Field::BackoffMax, "must not be below backoff.min"));
                }
                Some(Backoff { min, max })
            }
        };
        let strategies = [
            ("one_for_one", Strategy::OneForOne),
            ("one_for_all", Strategy::OneForAll),
            ("rest_for_one", Strategy::RestForOne),
        ];
        let endings = [
            ("never", AutoShutdown::Never),
            ("any_significant", AutoShutdown::AnySignificant),
            ("all_significant", AutoShutdown::AllSignificant),
        ];
        Ok(Options {
            strategy: one_of(id, Field::Strategy, self.strategy, &strategies, usual.strategy)?,
            intensity,
            period: self.period.map_or(Ok(usual.period), |value| millis(id, Field::Period, value, 1.0))?,
            backoff,
            auto_shutdown: one_of(id, Field::AutoShutdown, self.auto_shutdown, &endings, usual.auto_shutdown)?,
        })
    }
}

impl TreatmentInput<'_> {
    /// How the child `id` is treated, or the first fault.
    ///
    /// # Errors
    /// [`InvalidSpec`] names the child and the field.
    pub fn check(&self, id: &str) -> Result<Treatment, InvalidSpec> {
        let restarts =
            [("permanent", Restart::Permanent), ("transient", Restart::Transient), ("temporary", Restart::Temporary)];
        let restart = one_of(id, Field::Restart, self.restart, &restarts, Restart::Permanent)?;
        let usual = Treatment::of(self.kind);
        let treatment = Treatment {
            restart,
            shutdown: match self.shutdown {
                None => usual.shutdown,
                Some(ShutdownInput::Millis(ms)) if ms == f64::INFINITY => Shutdown::Infinity,
                Some(ShutdownInput::Millis(ms)) => Shutdown::After(millis(id, Field::Shutdown, ms, 0.0)?),
                Some(ShutdownInput::Word(word)) => {
                    let words = [("brutal", Shutdown::Brutal), ("infinity", Shutdown::Infinity)];
                    one_of(id, Field::Shutdown, Some(word), &words, Shutdown::Brutal)?
                }
            },
            significant: self.significant,
            kind: self.kind,
        };
        check_significant(id, &treatment)?;
        Ok(treatment)
    }
}

// A permanent child never ends for good.
fn check_significant(id: &str, treatment: &Treatment) -> Result<(), InvalidSpec> {
    if treatment.significant && treatment.restart == Restart::Permanent {
        return Err(InvalidSpec::new(id, Field::Significant, "is for transient and temporary children"));
    }
    Ok(())
}

/// What one spec has to keep below a supervisor with these options.
pub(super) fn check_child<S>(options: &Options, spec: &ChildSpec<S>) -> Result<(), InvalidSpec> {
    let ChildSpec { id, treatment, .. } = spec;
    if id.is_empty() {
        return Err(InvalidSpec::new(id, Field::Id, "must not be empty"));
    }
    check_significant(id, treatment)?;
    if treatment.significant && options.auto_shutdown == AutoShutdown::Never {
        return Err(InvalidSpec::new(id, Field::Significant, "needs auto_shutdown of its supervisor"));
    }
    Ok(())
}

/// Holds the specs of one supervisor against each other, in their order.
///
/// A shell checks a whole tree with this, supervisor by supervisor, before it starts any: a supervisor deep in the tree
/// would otherwise refuse its specs when its elder siblings run already.
///
/// # Errors
/// [`InvalidSpec`] names the first child that is at fault, and what of it.
pub fn check_children<S>(id: &str, options: &Options, children: &[ChildSpec<S>]) -> Result<(), InvalidSpec> {
    if children.len() > MAX_STATIC_CHILDREN {
        return Err(InvalidSpec::new(id, Field::Children, "are more than a supervisor may have"));
    }
    let mut ids = FxHashSet::default();
    for spec in children {
        if !ids.insert(&*spec.id) {
            return Err(InvalidSpec::new(&spec.id, Field::Id, "is taken by another child"));
        }
        check_child(options, spec)?;
    }
    Ok(())
}

/// What a dynamic supervisor can be: its children are alike, so it knows one strategy and nobody significant.
///
/// # Errors
/// [`InvalidSpec`] names the supervisor and the option.
pub fn check_dynamic(id: &str, options: &Options, child: &Treatment) -> Result<(), InvalidSpec> {
    if options.strategy != Strategy::OneForOne {
        return Err(InvalidSpec::new(id, Field::Strategy, "must be one_for_one: its children are alike"));
    }
    if options.auto_shutdown != AutoShutdown::Never {
        return Err(InvalidSpec::new(id, Field::AutoShutdown, "is not for dynamic supervisors"));
    }
    if child.significant {
        return Err(InvalidSpec::new(id, Field::Significant, "is not for children of dynamic supervisors"));
    }
    Ok(())
}

//! Supervisors: state machines that decide which children start, stop and start again.
//!
//! Owner: the supervisor's own actor, whichever shell that is: facts and commands go in by `handle`, with the time; what
//! has to happen comes out by `poll`. No clock, no threads, no FFI, no I/O. [`protocol`](Action) says what a shell owes.
//! The rules are OTP's (`supervisor.erl`), and those of `@myrmidonjs/supervisor`, which runs the same conformance rows.
//!
//! Promises (docs/semantics.md):
//! - G85 start order, listing order, reverse stop order. G86 a start that fails stops what was started. G87 `ignore`.
//! - G88 who is started again, G89 and who with it. G92 never more often than the intensity allows: then it ends, after
//!   its children. G93 a failed restart goes to the back of the line: commands are answered in between. G98 backoff.
//! - G90 every child is asked, waited for and killed as its spec says; `End` comes after the end of the last one.
//! - G91 each command is answered once. G95 significant children. G96 what is not valid is refused by name before
//!   anything starts. G97 other specs. G99 many children that are alike.
//! - Nothing comes after `End` or `Fail`. Every table is bounded: children, commands in line, remembered restarts.
//!
//! ```
//! use myrmidon_core::{
//!     exit_reason::ExitReason,
//!     pid::Pid,
//!     supervisor::{Action, ChildSpec, Happening, Input, Kind, OptionsInput, Supervisor, TreatmentInput},
//! };
//!
//! // What a child is started with is the shell's business: here, a word.
//! let child = |id: &str| {
//!     let treatment = TreatmentInput { restart: Some("transient"), ..Default::default() }.check(id)?;
//!     Ok::<_, myrmidon_core::supervisor::InvalidSpec>(ChildSpec { id: id.into(), start: "a database", treatment })
//! };
//! let options = OptionsInput { intensity: Some(3.0), ..Default::default() }.check("top")?;
//! let mut top = Supervisor::new("top", options, vec![child("db")?])?;
//!
//! top.handle(0.0, Input::Boot);
//! let Some(Action::Start { life, start, .. }) = top.poll() else { panic!("the first child starts") };
//! assert_eq!(start, "a database");
//! top.handle(1.0, Input::Started(life, Pid::new(0, 1, 0).unwrap()));
//! while top.poll().is_some_and(|action| action != Action::Ready) {}
//!
//! // It fails, and is started again: another life.
//! top.handle(2.0, Input::Ended(life, ExitReason::Killed));
//! let Some(Action::Emit(event)) = top.poll() else { panic!("it is told") };
//! assert_eq!(event.what, Happening::Crashed(ExitReason::Killed));
//! let Some(Action::Start { life: again, .. }) = top.poll() else { panic!("it starts again") };
//! assert_ne!(again, life);
//! top.handle(3.0, Input::Started(again, Pid::new(0, 1, 1).unwrap()));
//! # while top.poll().is_some() {}
//!
//! // The end: the child is asked, with 5 s to do so; then the supervisor ends.
//! top.handle(4.0, Input::Stop(ExitReason::SHUTDOWN));
//! assert_eq!(top.poll(), Some(Action::Stop(again)));
//! let Some(Action::Arm(timer, 5000.0)) = top.poll() else { panic!("its time runs") };
//! top.handle(5.0, Input::Ended(again, ExitReason::SHUTDOWN));
//! assert_eq!(top.poll(), Some(Action::Disarm(timer)));
//! # top.poll();
//! assert_eq!(top.poll(), Some(Action::End(ExitReason::SHUTDOWN)));
//! # Ok::<_, myrmidon_core::supervisor::InvalidSpec>(())
//! ```

mod change;
mod children;
mod command;
mod dynamic;
mod error;
mod intensity;
mod machine;
mod orders;
mod protocol;
mod restart;
mod shutdown;
mod spec;
mod start;
mod strategy;

pub use dynamic::{DynamicCommand, DynamicSupervisor};
pub use error::{ChildStartError, CommandError, Field, InvalidSpec, Status};
pub use machine::{MAX_WAITING_COMMANDS, Supervisor};
pub use protocol::{
    Action, Answer, ChildCount, ChildInfo, Command, Done, Event, Happening, Input, Life, StartFailure, Timer, Token,
};
pub use spec::{
    AutoShutdown, Backoff, ChildSpec, Kind, MAX_DYNAMIC_CHILDREN, MAX_INTENSITY, MAX_STATIC_CHILDREN, Options,
    OptionsInput, Restart, Shutdown, ShutdownInput, Strategy, Treatment, TreatmentInput, WORKER_SHUTDOWN,
    check_children, check_dynamic,
};

//! Random facts in any order that a shell may bring them, against the machines alone.
//!
//! The shell here obeys `Action` and decides everything else by dice: when a start is answered and how, when children
//! end and why, which timer fires. What has to hold whatever it does: nobody has two lives at once, no life starts twice,
//! restarts stay within the intensity, commands are answered once, an end leaves nobody, and nothing comes after it.

#[path = "supervisor_properties/shell.rs"]
mod shell;

use myrmidon_core::{
    exit_reason::ExitReason,
    supervisor::{
        ChildSpec, Command, DynamicCommand, DynamicSupervisor, Happening, Input, Kind, Options, OptionsInput, Restart,
        ShutdownInput, Strategy as Restarts, Supervisor, Treatment, TreatmentInput,
    },
};
use proptest::prelude::*;
use shell::{Shell, Step};
use std::sync::Arc;

const IDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const STRATEGIES: [&str; 3] = ["one_for_one", "one_for_all", "rest_for_one"];

fn reason() -> impl Strategy<Value = ExitReason> {
    prop_oneof![
        Just(ExitReason::Normal),
        Just(ExitReason::SHUTDOWN),
        Just(ExitReason::Killed),
        Just(ExitReason::NoProc { ever_existed: true }),
    ]
}

fn treatment() -> impl Strategy<Value = Treatment> {
    let shutdown = prop_oneof![
        Just(ShutdownInput::Word("brutal")),
        Just(ShutdownInput::Word("infinity")),
        Just(ShutdownInput::Millis(50.0)),
        Just(ShutdownInput::Millis(0.0)),
    ];
    let restart = prop_oneof![3 => Just("permanent"), 2 => Just("transient"), 1 => Just("temporary")];
    (restart, shutdown).prop_map(|(restart, shutdown)| {
        TreatmentInput { restart: Some(restart), shutdown: Some(shutdown), ..Default::default() }
            .check("a")
            .expect("valid")
    })
}

fn options() -> impl Strategy<Value = Options> {
    (prop::sample::select(&STRATEGIES[..]), 0..6u32, 1.0..200.0f64, prop::option::of((1.0..30.0f64, 1.0..4.0f64)))
        .prop_map(|(strategy, intensity, period, backoff)| {
            OptionsInput {
                strategy: Some(strategy),
                intensity: Some(f64::from(intensity)),
                period: Some(period),
                backoff: backoff.map(|(min, times)| (min, min * times)),
                auto_shutdown: Some("any_significant"),
            }
            .check("top")
            .expect("valid")
        })
}

fn specs(most: usize) -> impl Strategy<Value = Vec<ChildSpec<&'static str>>> {
    (prop::sample::subsequence(&IDS[..], 0..=most), prop::collection::vec(treatment(), IDS.len())).prop_map(
        |(ids, treatments)| {
            ids.into_iter()
                .zip(treatments)
                .map(|(id, treatment)| ChildSpec { id: id.into(), start: id, treatment })
                .collect()
        },
    )
}

fn id() -> impl Strategy<Value = Arc<str>> {
    prop::sample::select(&IDS[..]).prop_map(Arc::from)
}

fn command() -> impl Strategy<Value = Command<&'static str>> {
    prop_oneof![
        4 => (prop::sample::select(&IDS[..]), treatment())
            .prop_map(|(id, treatment)| Command::StartChild(ChildSpec { id: id.into(), start: id, treatment })),
        4 => id().prop_map(Command::TerminateChild),
        3 => id().prop_map(Command::RestartChild),
        2 => id().prop_map(Command::DeleteChild),
        1 => (options(), specs(6)).prop_map(|(options, children)| Command::Change { options, children }),
    ]
}

fn step<C: Clone + std::fmt::Debug>(command: impl Strategy<Value = C>) -> impl Strategy<Value = Step<C>> {
    prop_oneof![
        16 => (any::<prop::sample::Index>(), 0..12u8, reason()).prop_map(|(at, how, reason)| Step::Answer(at, how, reason)),
        8 => (any::<prop::sample::Index>(), reason()).prop_map(|(at, reason)| Step::End(at, reason)),
        8 => any::<prop::sample::Index>().prop_map(Step::Obey),
        4 => any::<prop::sample::Index>().prop_map(Step::Fire),
        3 => (0.0..80.0f64).prop_map(Step::Pass),
        6 => command.prop_map(Step::Command),
        1 => Just(Step::Stale),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn g90_g91_g93_a_supervisor_keeps_its_promises_whatever_happens(
        options in options(),
        children in specs(5),
        steps in prop::collection::vec(step(command()), 0..120),
    ) {
        let mut shell = Shell::new(Supervisor::new("top", options, children).expect("valid"), true);
        shell.run(steps);
        shell.finish();
    }

    #[test]
    fn g99_a_dynamic_supervisor_keeps_its_promises_whatever_happens(
        intensity in 0..6u32,
        period in 1.0..200.0f64,
        backoff in prop::option::of(1.0..30.0f64),
        child in treatment(),
        steps in prop::collection::vec(
            step(prop_oneof![
                3 => Just(DynamicCommand::StartChild("a")),
                2 => (1..30u64).prop_map(|life| DynamicCommand::TerminateChild(myrmidon_core::supervisor::Life(life))),
            ]),
            0..120,
        ),
    ) {
        let options = OptionsInput {
            intensity: Some(f64::from(intensity)),
            period: Some(period),
            backoff: backoff.map(|min| (min, min * 3.0)),
            ..Default::default()
        };
        let options = options.check("top").expect("valid");
        let machine = DynamicSupervisor::new("top", options, child, Some(8)).expect("valid");
        let mut shell = Shell::new(machine, false);
        shell.run(steps);
        prop_assert!(shell.alive() <= 8);
        shell.finish();
    }

    /// G92: no more starts of failed children in any period than the intensity allows, and one failure more ends it.
    #[test]
    fn g92_restarts_beyond_the_intensity_escalate(
        intensity in 0..5u32,
        gaps in prop::collection::vec(prop_oneof![0..60u32, Just(100)], 1..30),
    ) {
        let options = OptionsInput { intensity: Some(f64::from(intensity)), period: Some(100.0), ..Default::default() };
        let options = options.check("top").expect("valid");
        let children = IDS[..3].iter().map(|id| spec(id, Restart::Permanent)).collect();
        let mut shell = Shell::new(Supervisor::new("top", options, children).expect("valid"), true);
        shell.calm();
        let mut attempts: Vec<f64> = Vec::new();
        for (at, gap) in gaps.into_iter().enumerate() {
            shell.now += f64::from(gap);
            let starts = shell.starts.len();
            shell.end_of(IDS[at % 3], ExitReason::Killed);
            shell.calm();
            attempts.push(shell.now);
            let restarts = shell.events.iter().filter(|event| matches!(event, Happening::Restarted(_))).count();
            prop_assert_eq!(shell.restarts(), restarts as u64);
            let recent = attempts.iter().filter(|time| shell.now <= **time + 100.0).count();
            prop_assert_eq!(shell.is_over(), recent > intensity as usize);
            prop_assert_eq!(shell.starts.len() - starts, usize::from(!shell.is_over()));
            if shell.is_over() {
                prop_assert_eq!(shell.alive(), 0);
                break;
            }
        }
    }

    /// G89: exactly the children that the strategy says, in reverse and in order.
    #[test]
    fn g89_a_strategy_touches_exactly_the_right_children(strategy in 0..3usize, count in 1..7usize, which in any::<prop::sample::Index>()) {
        let options = OptionsInput { strategy: Some(STRATEGIES[strategy]), ..Default::default() }.check("top");
        let children = IDS.iter().cycle().take(count).enumerate();
        let children: Vec<_> = children.map(|(at, id)| spec(&format!("{id}{at}"), Restart::Permanent)).collect();
        let ids: Vec<String> = children.iter().map(|child| child.id.to_string()).collect();
        let mut shell = Shell::new(Supervisor::new("top", options.expect("valid"), children).expect("valid"), true);
        shell.calm();
        prop_assert_eq!(&shell.starts, &ids);
        let failed = which.index(count);
        shell.starts.clear();
        shell.end_of(&ids[failed], ExitReason::Killed);
        shell.calm();
        let touched = match [Restarts::OneForOne, Restarts::OneForAll, Restarts::RestForOne][strategy] {
            Restarts::OneForOne => &ids[failed..=failed],
            Restarts::OneForAll => &ids[..],
            Restarts::RestForOne => &ids[failed..],
        };
        prop_assert_eq!(&shell.starts, touched);
        let stopped: Vec<_> = touched.iter().rev().filter(|id| **id != ids[failed]).cloned().collect();
        prop_assert_eq!(&shell.stops, &stopped);
        shell.stops.clear();
        shell.handle(Input::Stop(ExitReason::SHUTDOWN));
        shell.calm();
        prop_assert_eq!(shell.stops, ids.into_iter().rev().collect::<Vec<_>>());
    }
}

fn spec(id: &str, restart: Restart) -> ChildSpec<&'static str> {
    let word = match restart {
        Restart::Permanent => "permanent",
        Restart::Transient => "transient",
        Restart::Temporary => "temporary",
    };
    let treatment = TreatmentInput { restart: Some(word), ..Default::default() }.check(id).expect("valid");
    ChildSpec { id: id.into(), start: "", treatment }
}

/// G99: the end of many takes one timer, and time linear in their number: one action each and two in all.
#[test]
fn g99_a_thousand_children_stop_at_once_under_one_timer() {
    let child = Treatment::of(Kind::Worker);
    let machine = DynamicSupervisor::new("top", Options::default(), child, None).expect("valid");
    let mut shell = Shell::new(machine, false);
    shell.calm();
    for _ in 0..1_000 {
        shell.handle(Input::Command(shell.tokens, DynamicCommand::StartChild("a")));
        shell.calm();
    }
    assert_eq!(shell.alive(), 1_000);
    shell.actions = 0;
    shell.handle(Input::Stop(ExitReason::SHUTDOWN));
    assert_eq!(shell.stops.len(), 1_000);
    assert_eq!(shell.actions, 1_001);
    assert_eq!(shell.timers.len(), 1);
    shell.calm();
    assert!(shell.is_over());
    assert!(shell.events.iter().filter(|event| matches!(event, Happening::Stopped(_))).count() == 1_000);
}

//! Options of spawns that are out of range (G279).

use crate::subject::*;
use myrmidon_actor::*;
use std::time::Duration;

/// The name of the option that is refused.
fn refused(result: Result<ActorRef<Message>, SpawnError>) -> &'static str {
    match result {
        Err(SpawnError::Option { name, .. }) => name,
        other => panic!("{other:?}"),
    }
}

fn bad() -> Vec<(&'static str, Spawn)> {
    let mailbox = |capacity, overflow| Spawn::new().mailbox(Mailbox::bounded(capacity, overflow));
    vec![
        ("name", Spawn::new().named("")),
        ("mailbox", mailbox((1 << 30) + 1, Overflow::Reject)),
        ("mailbox", mailbox(u32::MAX, Overflow::DropOldest)),
        ("overflow", mailbox(1, Overflow::Suspend(Duration::ZERO))),
        ("overflow", mailbox(1, Overflow::Suspend(Duration::from_micros(999)))),
        ("overflow", mailbox(1, Overflow::Suspend(Duration::from_millis(0x100_0000)))),
        ("overflow", mailbox(1, Overflow::Suspend(Duration::MAX))),
    ]
}

#[test]
fn g279_outside_of_any_actor_nothing_is_started() {
    let runtime = runtime(2);
    for (name, options) in bad() {
        assert_eq!(refused(runtime.spawn_with(&options, Subject::default())), name);
    }
    assert_eq!(runtime.stats().iter().map(|shard| shard.actors).sum::<u32>(), 0);
    for options in [
        Spawn::new().named("a name"),
        Spawn::new().mailbox(Mailbox::default()),
        Spawn::new().mailbox(Mailbox::bounded(1 << 30, Overflow::Suspend(Duration::from_millis(1)))),
        Spawn::new().mailbox(Mailbox::bounded(1, Overflow::Suspend(Duration::from_millis(0xff_ffff)))),
    ] {
        assert!(runtime.spawn_with(&options, Subject::default()).is_ok());
    }
}

#[test]
fn g279_nor_by_an_actor_here_or_on_another_shard() {
    let runtime = runtime(2);
    let parent = runtime.spawn(Subject::default()).expect("an actor");
    let seen = within(parent, move |_, context| {
        let mut seen = Vec::new();
        for (name, options) in bad() {
            seen.push((name, refused(context.spawn_with(&options, Subject::default()))));
            let away = options.on(Placement::LeastLoaded);
            seen.push((name, refused(context.spawn_with(&away, Subject::default()))));
        }
        seen
    });
    assert!(seen.iter().all(|(name, refused)| name == refused), "{seen:?}");
    assert_eq!(runtime.stats().iter().map(|shard| shard.actors).sum::<u32>(), 1);
}

//! Names (G35).

use crate::subject::*;
use myrmidon_actor::*;

#[test]
fn g35_a_name_is_taken_once_and_free_after_the_end() {
    let runtime = runtime(2);
    let named = || Spawn::new().named("one");
    let first = runtime.spawn_with(&named(), Subject::default()).expect("the name is free");
    assert_eq!(runtime.whereis::<Message>("one"), Some(first));
    assert_eq!(runtime.whereis::<u32>("one"), None, "of another type");
    let taken = runtime.spawn_with(&named(), Subject::default());
    assert_eq!(taken, Err(SpawnError::NameTaken { holder: first.pid() }));
    let end = first.ended();
    first.kill();
    end.wait().expect("its end");
    let second = runtime.spawn_with(&named(), Subject::default()).expect("the name is free again");
    // From the other shard.
    let other = (0..2).map(|key| {
        let options = Spawn::new().on(Placement::Key(key));
        runtime.spawn_with(&options, Subject::default()).expect("an actor")
    });
    for actor in other {
        assert_eq!(within(actor, |_, context| context.whereis::<Message>("one")), Some(second));
    }
}

#[test]
fn g301_a_dead_letter_has_the_name_that_its_receiver_had() {
    let (told, letters) = std::sync::mpsc::channel();
    let observer = move |notice| drop(told.send(notice));
    let runtime = Runtime::builder().shards(1).observer(observer).start().expect("a runtime starts");
    let of = |options: &Spawn| {
        let actor = runtime.spawn_with(options, Subject::default()).expect("an actor");
        let end = actor.ended();
        actor.kill();
        end.wait().expect("its end");
        run(actor, |_, _| ());
        match letters.recv().expect("a letter") {
            Notice::DeadLetter(letter) if letter.to == actor.pid() => letter.name,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(of(&Spawn::new().named("one")).as_deref(), Some("one"));
    assert_eq!(of(&Spawn::new()), None);
    // Each has its own, and whoever has the name now is somebody else.
    assert_eq!(of(&Spawn::new().named("other")).as_deref(), Some("other"));
}

//! What waits for a queue (G264). The time stands still here, so that no handler is long.

use crate::{Actor, ActorRef, Context, Lend, Runtime, answer::channel, clock};
use std::sync::{Arc, Mutex};

/// What both of them heard, in one order.
type Heard = Arc<Mutex<Vec<u32>>>;

struct Notes(Heard);
enum Note {
    Number(u32),
    /// Tells somebody a number.
    Pass(ActorRef<Note>, u32),
    Do(Box<dyn FnOnce() + Send>),
}
impl Actor for Notes {
    type Message = Note;
    const LEND: Lend = Lend::Never;
    fn handle(&mut self, note: Note, _: &mut Context<Note>) {
        match note {
            Note::Number(number) => self.0.lock().expect("nobody panics").push(number),
            Note::Pass(to, number) => to.tell(Note::Number(number)).expect("room"),
            Note::Do(run) => run(),
        }
    }
}

#[test]
fn g264_what_waits_for_a_queue_waits_for_a_part_of_it_alone() {
    const QUEUED: u32 = 5000;
    let _clock = clock::tests::alone();
    let runtime = Runtime::builder().shards(1).max_actors(100).start().expect("a runtime");
    let heard = Heard::default();
    let [sender, queued, other] = [(); 3].map(|()| runtime.spawn(Notes(Arc::clone(&heard))).expect("room"));
    let (done, told) = channel::<()>();
    // Nobody says anything more until all is handled: what is no message would end the wait.
    let flood = move || {
        queued.tell(Note::Pass(other, u32::MAX)).expect("room");
        (0..QUEUED).for_each(|number| queued.tell(Note::Number(number)).expect("room"));
        queued
            .tell(Note::Do(Box::new(move || other.tell(Note::Do(Box::new(|| done.send(())))).expect("room"))))
            .expect("room");
    };
    sender.tell(Note::Do(Box::new(flood))).expect("room");
    assert!(told.wait().is_some(), "all is handled");
    let all = heard.lock().expect("nobody panics").clone();
    let at = all.iter().position(|number| *number == u32::MAX).expect("it came");
    assert!(at < 1024, "{at} of {} came before", all.len());
    let numbers: Vec<_> = all.into_iter().filter(|number| *number != u32::MAX).collect();
    assert_eq!(numbers, (0..QUEUED).collect::<Vec<_>>());
}

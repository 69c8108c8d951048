use super::{KILLED, NORMAL, Reasons, no_proc};
use crate::{
    exit_reason::{CrashError, ExitReason, Language, Unreachable},
    tide,
};

fn every_reason() -> Vec<ExitReason> {
    let error = CrashError { name: "E".into(), message: "m".into(), stack: None, language: Language::Python };
    vec![
        ExitReason::Normal,
        ExitReason::SHUTDOWN,
        ExitReason::Shutdown { detail: Some("d".into()) },
        ExitReason::Killed,
        ExitReason::Crashed(Box::new(error)),
        ExitReason::NoProc { ever_existed: false },
        ExitReason::NoProc { ever_existed: true },
        ExitReason::NodeUnreachable { node: "n".into(), because: Unreachable::Silent },
        ExitReason::NodeRestarted { node: "n".into() },
        ExitReason::IsolateDown { isolate: 255 },
    ]
}

#[test]
fn a_word_gives_its_reason_back() {
    let mut reasons = Reasons::default();
    let words: Vec<u32> = every_reason().into_iter().map(|reason| reasons.intern(reason)).collect();
    for (word, reason) in words.iter().zip(every_reason()) {
        assert_eq!(reasons.get(*word), Some(reason));
    }
    assert_eq!(reasons.len(), 4, "the others fit into their word");
}

#[test]
fn a_reason_is_kept_until_its_last_count_is_given_back() {
    let mut reasons = Reasons::default();
    let word = reasons.intern(ExitReason::NodeRestarted { node: "n".into() });
    assert_eq!(reasons.retain(word), word);
    reasons.release(word);
    assert!(reasons.get(word).is_some());
    reasons.release(word);
    assert_eq!((reasons.get(word), reasons.len()), (None, 0));
    reasons.release(word);
    let again = reasons.intern(ExitReason::NodeRestarted { node: "m".into() });
    assert_eq!((again, reasons.len()), (word, 1), "a count too many frees nothing twice");
}

#[test]
fn a_word_that_nobody_made_has_no_reason() {
    let mut reasons = Reasons::default();
    let word = reasons.intern(ExitReason::NodeRestarted { node: "n".into() });
    assert_eq!(reasons.get(word + 256), None);
    assert_eq!(reasons.get(word & !0xff | 3), None, "the tag must be that of the entry");
    assert_eq!(reasons.get(200), None);
    assert_eq!(reasons.get(3), None, "a crash always has an entry");
    assert_eq!((NORMAL, KILLED, no_proc(true)), (0, 2, 4 | 1 << 8));
}

fn failure(message: &str) -> CrashError {
    CrashError { name: "E".into(), message: message.into(), stack: None, language: Language::TypeScript }
}

fn crashed(message: &str) -> ExitReason {
    ExitReason::Crashed(Box::new(failure(message)))
}

#[test]
fn a_held_word_stays_for_any_number_of_records_until_it_is_let_go() {
    let mut reasons = Reasons::default();
    let word = reasons.hold(Some(failure("a")));
    for _ in 0..3 {
        reasons.retain(word);
        reasons.release(word);
    }
    // A record that was ingested before still has it.
    reasons.retain(word);
    reasons.let_go(word);
    assert_eq!((reasons.get(word), reasons.held), (Some(crashed("a")), 0));
    reasons.release(word);
    assert_eq!((reasons.get(word), reasons.len()), (None, 0));
}

#[test]
fn what_only_the_isolate_knows_is_told_when_it_is_on_its_way() {
    let mut reasons = Reasons::default();
    let (one, two) = (reasons.hold(None), reasons.hold(None));
    assert_eq!((reasons.get(one), reasons.len(), reasons.held), (None, 2, 2));
    reasons.retain(two);
    assert_eq!((reasons.is_shared(one), reasons.is_shared(two)), (false, true));
    reasons.let_go(one);
    reasons.tell(two, failure("two"));
    assert_eq!((reasons.get(two), reasons.len(), reasons.held), (Some(crashed("two")), 1, 0));
    reasons.release(two);
    assert_eq!((reasons.get(two), reasons.len()), (None, 0));
    assert!(!reasons.is_shared(two));
    reasons.let_go(two);
    reasons.tell(two, failure("two"));
    assert_eq!((reasons.get(two), reasons.len(), reasons.held), (None, 0, 0));
}

#[test]
fn a_burst_is_given_back_beside_what_is_held() {
    let mut reasons = Reasons::default();
    let restarted = |at: usize| ExitReason::NodeRestarted { node: at.to_string().into() };
    let first = reasons.hold(Some(failure("first")));
    let before: Vec<u32> = (0..8).map(|at| reasons.intern(restarted(at))).collect();
    let held = reasons.hold(Some(failure("held")));
    let burst: Vec<u32> = (0..=tide::KEPT).map(|at| reasons.intern(restarted(at))).collect();
    reasons.give_back();
    assert!(reasons.entries.capacity() > tide::KEPT, "it is in use");
    before.into_iter().chain(burst).for_each(|word| reasons.release(word));
    reasons.give_back();
    assert_eq!((reasons.entries.len(), reasons.len(), reasons.get(held)), (11, 2, Some(crashed("held"))));
    assert!(reasons.entries.capacity() <= tide::KEPT);
    let again: Vec<u32> = (0..12).map(|at| reasons.intern(restarted(at))).collect();
    for (at, word) in again.into_iter().enumerate() {
        assert_eq!(reasons.get(word), Some(restarted(at)));
    }
    assert_eq!((reasons.get(first), reasons.get(held)), (Some(crashed("first")), Some(crashed("held"))));
}

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

#[test]
fn a_kept_reason_stays_for_any_number_of_records_until_another_one_is_kept() {
    let mut reasons = Reasons::default();
    let restarted = |node: &str| ExitReason::NodeRestarted { node: node.into() };
    let first = reasons.keep(restarted("a"));
    for _ in 0..3 {
        reasons.retain(first);
        reasons.release(first);
    }
    assert_eq!(reasons.get(first), Some(restarted("a")));
    // A record that was ingested before still has it.
    reasons.retain(first);
    let second = reasons.keep(restarted("b"));
    assert_eq!((reasons.get(first), reasons.get(second)), (Some(restarted("a")), Some(restarted("b"))));
    reasons.release(first);
    assert_eq!((reasons.get(first), reasons.len()), (None, 1));
    assert_eq!(reasons.keep(ExitReason::Killed), KILLED, "what fits into its word needs no entry");
    assert_eq!((reasons.get(second), reasons.len()), (None, 0));
}

#[test]
fn a_burst_is_given_back_beside_the_kept_reason() {
    let mut reasons = Reasons::default();
    let restarted = |at: usize| ExitReason::NodeRestarted { node: at.to_string().into() };
    let before: Vec<u32> = (0..9).map(|at| reasons.intern(restarted(at))).collect();
    let kept = reasons.keep(restarted(9));
    let burst: Vec<u32> = (0..=tide::KEPT).map(|at| reasons.intern(restarted(at))).collect();
    reasons.give_back();
    assert!(reasons.entries.capacity() > tide::KEPT, "it is in use");
    before.into_iter().chain(burst).for_each(|word| reasons.release(word));
    reasons.give_back();
    assert_eq!((reasons.entries.len(), reasons.len(), reasons.get(kept)), (11, 1, Some(restarted(9))));
    assert!(reasons.entries.capacity() <= tide::KEPT);
    let again: Vec<u32> = (0..12).map(|at| reasons.intern(restarted(at))).collect();
    for (at, word) in again.into_iter().enumerate() {
        assert_eq!(reasons.get(word), Some(restarted(at)));
    }
    assert_eq!(reasons.get(kept), Some(restarted(9)));
}

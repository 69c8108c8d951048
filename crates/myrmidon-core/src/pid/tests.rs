use super::{MAX_GENERATION, MAX_INDEX, ParsePidError, Pid};
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_pid_is_exact_as_a_javascript_number(shard: u8, index in 1..=MAX_INDEX, generation in 0..=MAX_GENERATION) {
        let pid = Pid::new(shard, index, generation).unwrap();
        #[expect(clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "that it loses nothing is the claim")]
        let through_js = pid.to_u64() as f64 as u64;
        prop_assert_eq!(Pid::from_u64(through_js), Some(pid));
        prop_assert_eq!((pid.shard(), pid.index(), pid.generation()), (shard, index, generation));
        prop_assert_eq!(Pid::from_words(pid.low(), pid.generation()), pid);
    }

    #[test]
    fn print_and_parse_are_inverse(shard: u8, index in 1..=MAX_INDEX, generation in 0..=MAX_GENERATION) {
        let pid = Pid::new(shard, index, generation).unwrap();
        prop_assert_eq!(pid.to_string().parse(), Ok(pid));
    }
}

#[test]
fn what_is_out_of_range_is_no_pid() {
    assert_eq!(Pid::new(0, 0, 0), None);
    assert_eq!(Pid::new(0, MAX_INDEX + 1, 0), None);
    assert_eq!(Pid::new(0, 1, MAX_GENERATION + 1), None);
    assert_eq!(Pid::from_u64(1 << 53 | 1), None);
    assert_eq!(Pid::from_u64(1 << 32), None);
}

#[test]
fn a_text_that_is_no_pid_says_why() {
    assert_eq!("0.1.2".parse::<Pid>(), Err(ParsePidError::Form));
    assert_eq!("<0.1>".parse::<Pid>(), Err(ParsePidError::Form));
    assert_eq!("<0.1.2.3>".parse::<Pid>(), Err(ParsePidError::Form));
    assert!(matches!("<0.x.2>".parse::<Pid>(), Err(ParsePidError::Number(_))));
    assert!(matches!("<256.1.2>".parse::<Pid>(), Err(ParsePidError::Number(_))));
    assert_eq!("<0.0.2>".parse::<Pid>(), Err(ParsePidError::Range));
    assert_eq!("<0.1.2097152>".parse::<Pid>(), Err(ParsePidError::Range));
}

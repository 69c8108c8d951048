//! G92, G98: the window against a model that forgets nothing.

use super::*;
use crate::supervisor::OptionsInput;
use proptest::prelude::*;

proptest! {
    #[test]
    fn g92_an_attempt_counts_as_long_as_the_period_is(
        // Whole ms: the sums are exact.
        gaps in prop::collection::vec(prop_oneof![Just(0), 0..40u32, Just(100), Just(50)], 1..60),
        intensity in 0..6u32,
    ) {
        let options = OptionsInput { intensity: Some(f64::from(intensity)), period: Some(100.0), ..Default::default() };
        let options = options.check("top").expect("valid");
        let mut window = Intensity::default();
        let mut all = Vec::new();
        let mut now = 0.0;
        for gap in gaps {
            now += f64::from(gap);
            all.push(now);
            let recent = all.iter().filter(|at| now <= **at + 100.0).count();
            let within = window.add(now, &options);
            prop_assert_eq!(within, recent <= intensity as usize);
            prop_assert_eq!(window.attempts.len(), recent);
            if !within {
                // The supervisor ends here; what a window holds is bounded by that.
                prop_assert_eq!(window.attempts.len(), intensity as usize + 1);
                break;
            }
        }
    }

    #[test]
    fn g98_waits_double_up_to_the_longest(count in 1..1200usize, min in 1.0..50.0f64, times in 1.0..40.0f64) {
        let max = min * times;
        let options =
            OptionsInput { intensity: Some(1200.0), backoff: Some((min, max)), ..Default::default() }.check("top");
        let options = options.expect("valid");
        let mut window = Intensity::default();
        let mut wanted = min;
        for _ in 0..count {
            prop_assert!(window.add(1.0, &options));
            prop_assert_eq!(window.wait(&options), Some(wanted.min(max)));
            wanted *= 2.0;
        }
    }
}

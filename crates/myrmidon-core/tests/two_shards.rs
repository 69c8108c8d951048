//! Random programs over two shards, whose packets arrive late and in any order but that of each direction. At every step:
//! G5 each payload leaves once, G6 and G110 order per (sender, receiver, lane), G18 a call ends once, G37 one DOWN per
//! monitor, G40 one holder per name. When all packets have arrived: G112 no half of a link, nobody is held (G111).
//! Then one shard closes, or is lost, and G114 holds: what was tied to it ends, and what was sent to it is told.

#[path = "two_shards/step.rs"]
mod step;
#[path = "two_shards/world.rs"]
mod world;

use proptest::prelude::*;
use world::World;

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_random_program_over_two_shards_keeps_the_guarantees(
        steps in prop::collection::vec(step::step(), 1..250),
        first in 0..2usize,
        lost: bool,
    ) {
        let mut world = World::new();
        for step in &steps {
            step::perform(&mut world, step);
        }
        world.quiesce();
        world.check_quiet();
        world.end(first, lost);
        world.end(1 - first, false);
        world.check_ended();
    }

    /// The same, but the end comes in the middle of everything.
    #[test]
    fn g114_a_shard_that_ends_under_load_leaves_nothing_open(
        steps in prop::collection::vec(step::step(), 1..200),
        after in prop::collection::vec(step::step(), 0..60),
        first in 0..2usize,
        lost: bool,
    ) {
        let mut world = World::new();
        for step in &steps {
            step::perform(&mut world, step);
        }
        world.end(first, lost);
        for step in &after {
            step::perform(&mut world, step);
        }
        world.end(1 - first, false);
        world.check_ended();
    }
}

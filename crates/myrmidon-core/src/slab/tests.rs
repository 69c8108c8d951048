use super::{Hot, Slab, State};
use crate::pid::{MAX_GENERATION, Pid};

fn pid(index: u32, generation: u32) -> Pid {
    Pid::new(1, index, generation).unwrap()
}

fn live(slab: &mut Slab) -> Pid {
    let pid = slab.reserve().unwrap();
    slab[pid.index()].state = State::Live;
    slab.open(pid.index());
    pid
}

fn end(slab: &mut Slab, pid: Pid) {
    slab.live -= 1;
    slab.end(pid.index());
    slab.free(pid.index());
}

#[test]
fn an_idle_actor_is_one_cache_line() {
    assert_eq!((size_of::<Hot>(), align_of::<Hot>()), (64, 64));
}

#[test]
fn g2_freed_slots_come_back_first_in_the_order_of_their_freeing() {
    let mut slab = Slab::new(1, 10, 0);
    let pids: Vec<Pid> = (0..3).map(|_| live(&mut slab)).collect();
    assert_eq!(pids, [pid(1, 0), pid(2, 0), pid(3, 0)]);
    end(&mut slab, pids[2]);
    end(&mut slab, pids[0]);
    assert_eq!([(); 3].map(|()| slab.reserve().unwrap()), [pid(3, 1), pid(1, 1), pid(4, 0)]);
}

#[test]
fn g2_a_slot_that_has_lived_its_last_generation_retires() {
    let mut slab = Slab::new(1, 1, MAX_GENERATION - 1);
    let first = live(&mut slab);
    end(&mut slab, first);
    let last = live(&mut slab);
    assert_eq!((first.generation(), last.generation()), (MAX_GENERATION - 1, MAX_GENERATION));
    end(&mut slab, last);
    assert_eq!((slab.reserve(), slab.retired), (None, 1));
    assert!(slab.find(last).is_none() && slab.ever_existed(last));
}

#[test]
fn g4_the_generation_says_whether_there_ever_was_somebody() {
    let mut slab = Slab::new(1, 10, 5);
    let gone = live(&mut slab);
    end(&mut slab, gone);
    let reserved = slab.reserve().unwrap();
    assert_eq!(reserved.index(), gone.index());
    assert!(slab.ever_existed(gone) && !slab.ever_existed(reserved));
    assert!(slab.ever_existed(pid(9, 4)), "an earlier shard of this number may have had it");
    assert!(!slab.ever_existed(pid(9, 5)) && !slab.ever_existed(Pid::NONE));
    assert!(!slab.ever_existed(Pid::new(2, 1, 0).unwrap()), "another shard's");
}

#[test]
fn spawn_order_outlives_the_reuse_of_slots() {
    let mut slab = Slab::new(1, 10, 0);
    let (one, two) = (live(&mut slab), live(&mut slab));
    end(&mut slab, one);
    let three = live(&mut slab);
    assert_eq!(slab.in_order(), [two.index(), three.index()]);
}

#[test]
fn no_more_pids_are_given_out_than_may_be() {
    let mut slab = Slab::new(1, 2, 0);
    assert!(slab.reserve().is_some() && slab.reserve().is_some() && slab.reserve().is_none());
}

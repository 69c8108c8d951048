use super::{Lane, Node, Nodes};
use crate::pid::Pid;
use proptest::prelude::*;
use std::collections::VecDeque;

fn node(slot: u32) -> Node {
    Node::new(65, Pid::NONE, slot, 0, 0)
}

fn slots(nodes: &Nodes, lane: Lane) -> Vec<u32> {
    let mut found = Vec::new();
    let mut id = lane.head;
    while id != 0 {
        found.push(nodes.get(id).slot);
        id = nodes.next(id);
    }
    found
}

proptest! {
    /// The lane and the slice against two plain queues.
    #[test]
    fn g6_a_lane_is_a_fifo_whatever_is_taken_back(steps in prop::collection::vec((0..5u8, 0..8usize), 0..200)) {
        let mut nodes = Nodes::default();
        let (mut lane, mut slice) = (Lane::default(), Lane::default());
        let (mut model, mut taken) = (VecDeque::new(), VecDeque::new());
        let mut next = 0;
        for (step, amount) in steps {
            match step {
                0 | 1 => {
                    next += 1;
                    nodes.push(&mut lane, node(next));
                    model.push_back(next);
                }
                2 if !lane.is_empty() => {
                    nodes.shift(&mut lane, &mut slice);
                    taken.push_back(model.pop_front().unwrap());
                }
                3 => while !slice.is_empty() {
                    nodes.unshift(&mut slice, &mut lane);
                    model.push_front(taken.pop_back().unwrap());
                },
                4 if !taken.is_empty() => {
                    let count = amount % taken.len() + 1;
                    nodes.free_front(&mut slice, count as u32, count == taken.len());
                    taken.drain(..count);
                }
                _ => {
                    if let Some(at) = model.len().checked_sub(1).map(|last| amount.min(last)) {
                        let slot = model.remove(at).unwrap();
                        let mut id = lane.head;
                        for _ in 0..at {
                            id = nodes.next(id);
                        }
                        prop_assert_eq!(nodes.remove(&mut lane, id).slot, slot);
                    }
                }
            }
            prop_assert_eq!(slots(&nodes, lane), model.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(slots(&nodes, slice), taken.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(nodes.live() as usize, model.len() + taken.len());
        }
    }
}

#[test]
fn a_node_is_half_a_cache_line() {
    assert_eq!(size_of::<Node>(), 32);
}

use super::{List, Listed, Neighbours, Pool};

#[derive(Default)]
struct Item(Neighbours);

impl Listed<0> for Item {
    fn place(&self) -> Neighbours {
        self.0
    }
    fn place_mut(&mut self) -> &mut Neighbours {
        &mut self.0
    }
}

#[test]
fn a_list_keeps_its_order_when_any_of_its_records_leaves() {
    for leaving in 0..4 {
        let mut pool = Pool::new();
        let mut list = List::<0>::default();
        let ids: Vec<u32> = (0..4).map(|_| pool.insert(Item::default())).collect();
        for id in &ids {
            list.push(&mut pool, *id);
        }
        list.unlist(&mut pool, ids[leaving]);
        let rest: Vec<u32> = ids.iter().copied().filter(|id| *id != ids[leaving]).collect();
        assert_eq!(list.iter(&pool).collect::<Vec<_>>(), rest);
        list.push(&mut pool, ids[leaving]);
        assert_eq!(list.iter(&pool).last(), Some(ids[leaving]));
    }
}

#[test]
fn a_number_is_reused_only_after_it_was_given_back_and_0_is_none() {
    let mut pool = Pool::new();
    let (one, two) = (pool.insert(Item::default()), pool.insert(Item::default()));
    assert_eq!((one, two, pool.len()), (1, 2, 2));
    pool.remove(one);
    assert_eq!((pool.len(), pool.insert(Item::default()), pool.insert(Item::default())), (1, 1, 3));
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "1 is given back twice")]
fn a_checked_build_refuses_a_number_that_is_given_back_twice() {
    let mut pool = Pool::new();
    let one = pool.insert(Item::default());
    pool.remove(one);
    pool.remove(one);
}

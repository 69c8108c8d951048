//! The bounded queue that inboxes and paths are made of; under loom one that it can see into.

#[cfg(not(loom))]
pub type Queue<T> = crossbeam_queue::ArrayQueue<T>;
#[cfg(loom)]
pub use model::Queue;

#[cfg(loom)]
mod model {
    use loom::sync::Mutex;
    use std::collections::VecDeque;

    pub struct Queue<T> {
        items: Mutex<VecDeque<T>>,
        capacity: usize,
    }

    impl<T> Queue<T> {
        pub fn new(capacity: usize) -> Self {
            Self { items: Mutex::new(VecDeque::new()), capacity }
        }

        pub fn push(&self, item: T) -> Result<(), T> {
            let mut items = self.items.lock().unwrap();
            if items.len() == self.capacity {
                return Err(item);
            }
            items.push_back(item);
            Ok(())
        }

        pub fn pop(&self) -> Option<T> {
            self.items.lock().unwrap().pop_front()
        }

        pub fn len(&self) -> usize {
            self.items.lock().unwrap().len()
        }

        pub fn is_empty(&self) -> bool {
            self.len() == 0
        }

        pub fn is_full(&self) -> bool {
            self.len() == self.capacity
        }
    }
}

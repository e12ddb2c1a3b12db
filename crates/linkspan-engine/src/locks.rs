//! Locks by name, made when they are asked for and gone when nobody holds or awaits them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

/// So many locks are kept before those that nobody holds are looked for.
const KEPT: usize = 256;

/// A lock for each key, within this process.
pub(crate) struct Locks<K>(Mutex<HashMap<K, Weak<tokio::sync::Mutex<()>>>>);

/// What is held until it is dropped.
pub(crate) type Held = OwnedMutexGuard<()>;

impl<K> Default for Locks<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Locks<K> {
    /// Waits until nobody else holds the lock of this key.
    pub(crate) async fn hold(&self, key: K) -> Held {
        self.of(key).lock_owned().await
    }

    fn of(&self, key: K) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(&key).and_then(Weak::upgrade) {
            return lock;
        }
        if locks.len() >= KEPT {
            locks.retain(|_, lock| lock.strong_count() > 0);
        }
        let lock = Arc::default();
        locks.insert(key, Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_holds_a_lock_at_a_time_and_what_nobody_holds_is_forgotten() {
        let locks = Locks::default();
        let held = locks.hold(0).await;
        let again = locks.of(0);
        assert!(again.try_lock().is_err());
        drop(held);
        assert!(again.try_lock().is_ok());
        for key in 1..=2 * KEPT {
            drop(locks.hold(key).await);
        }
        assert!(locks.0.lock().unwrap().len() <= KEPT);
        assert!(Arc::ptr_eq(&again, &locks.of(0)));
    }
}

//! Randomness is handed in: everything that needs nonces, tokens or jitter takes an [`Entropy`].

use std::sync::{Arc, Mutex};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use uuid::Uuid;

/// A source of random bytes that tests can seed.
#[derive(Clone)]
pub struct Entropy(Option<Arc<Mutex<StdRng>>>);

impl Entropy {
    /// The operating system's generator: the only one for production.
    pub fn system() -> Self {
        Self(None)
    }

    /// A repeatable generator for tests and demonstrations; never use it where a value must be secret.
    pub fn seeded(seed: u64) -> Self {
        Self(Some(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    /// Fills `buffer` with random bytes.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: nothing safe can be done without it.
    pub fn fill(&self, buffer: &mut [u8]) {
        match &self.0 {
            None => {
                #[expect(
                    clippy::expect_used,
                    reason = "no secret may be made without the system's randomness"
                )]
                getrandom::fill(buffer).expect("the operating system gives random bytes");
            }
            Some(generator) => {
                generator.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill_bytes(buffer);
            }
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.fill(&mut buffer);
        buffer
    }

    /// A random (version 4) UUID.
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// A number in `[0, 1)`, for jitter.
    pub fn fraction(&self) -> f64 {
        // 53 bits fill the mantissa of an f64 exactly.
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
        let value = (u64::from_le_bytes(self.bytes()) >> 11) as f64 / (1_u64 << 53) as f64;
        value
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Entropy::seeded" } else { "Entropy::system" })
    }
}

//! Everything made up comes out of these functions: the same seed and place give the same value, in any order of asking.

/// One mixing step (the finaliser of splitmix64): spreads every input bit over the output.
pub(in crate::world) const fn mix(mut value: u64) -> u64 {
    value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A stream of dice for one place in the world.
#[derive(Debug, Clone, Copy)]
pub(in crate::world) struct Dice(u64);

impl Dice {
    /// Dice of a place: a seed, what it is about, and its number.
    pub(in crate::world) const fn at(seed: u64, salt: u64, place: u64) -> Self {
        Self(mix(mix(seed ^ salt.wrapping_mul(0xd6e8_feb8_6659_fd93)) ^ place))
    }

    /// The next 64 random bits.
    pub(in crate::world) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`; 0 when the bound is 0.
    pub(in crate::world) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.roll()) * u128::from(bound);
        // The high half of the product is below `bound`.
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A position in a list of `len`; 0 when it is empty.
    pub(in crate::world) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// True `per_mille` times out of a thousand.
    pub(in crate::world) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of some words.
    pub(in crate::world) fn word(&mut self, words: &'static [&'static str]) -> &'static str {
        words[self.index(words.len())]
    }

    /// One of a list that is not empty.
    pub(in crate::world) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.index(list.len())]
    }
}

/// A UUID of version 4's form made of two numbers.
pub(in crate::world) fn uuid(high: u64, low: u64) -> String {
    let (a, b) = (mix(high ^ 0x5bd1_e995), mix(low ^ mix(high)));
    uuid::Builder::from_random_bytes((u128::from(a) << 64 | u128::from(b)).to_be_bytes())
        .into_uuid()
        .to_string()
}

//! Limits: what upstream says about them, and when the next call may go.

mod gate;
mod headers;

#[cfg(test)]
mod tests;

pub use self::gate::Gate;
pub use self::headers::{Announced, LimitHeaders, Policy, Standing};

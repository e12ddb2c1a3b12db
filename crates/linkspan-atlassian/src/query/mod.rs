//! Questions in Jira's and Confluence's query languages, built so that no value can become syntax (hazard M7) and no
//! time depends on anybody's time zone (hazard S1).

mod cql;
mod jql;
mod text;

#[cfg(test)]
mod tests;

pub use self::cql::{Cql, CqlType};
pub use self::jql::{Jql, JqlOrder};
pub use self::text::QueryError;

//! Pages of lists.

use serde::Serialize;
use utoipa::ToSchema;

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// Send this as `cursor` to get the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
    /// Send this as `cursor` to get the page before; null on the first page.
    #[schema(required = true)]
    pub previous: Option<String>,
    /// The records of this page.
    pub results: Vec<T>,
}

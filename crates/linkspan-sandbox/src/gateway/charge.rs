//! What a product handler tells the meter about the answer it gave.

use axum::response::{IntoResponse, Response};

/// The price-relevant content of one answer (`atlassian-platform.md` 5.2).
///
/// A handler attaches it with [`charged`]; an answer without one costs the base point alone, whatever the method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charge {
    /// Issues, projects, dashboards, pages, blog posts, spaces and attachments returned: one point each.
    pub core_objects: u32,
    /// Users, groups, roles and permission rows returned: two points each.
    pub identity_objects: u32,
    /// The request changed something: it costs the base point, whatever it returned.
    pub write: bool,
}

impl Charge {
    /// The base point alone: catalogue data such as statuses, priorities or versions.
    pub const BASE: Self = Self { core_objects: 0, identity_objects: 0, write: false };
    /// A write.
    pub const WRITE: Self = Self { core_objects: 0, identity_objects: 0, write: true };

    /// A read that returned `objects` core objects.
    pub fn core(objects: usize) -> Self {
        Self { core_objects: clamp(objects), ..Self::BASE }
    }

    /// A read that returned `objects` identity objects.
    pub fn identity(objects: usize) -> Self {
        Self { identity_objects: clamp(objects), ..Self::BASE }
    }

    /// The price of the answer in points.
    pub fn points(self) -> u64 {
        if self.write {
            return 1;
        }
        1 + u64::from(self.core_objects) + 2 * u64::from(self.identity_objects)
    }
}

fn clamp(objects: usize) -> u32 {
    u32::try_from(objects).unwrap_or(u32::MAX)
}

/// The answer with its price attached, for the meter to read.
pub fn charged(answer: impl IntoResponse, charge: Charge) -> Response {
    let mut response = answer.into_response();
    response.extensions_mut().insert(charge);
    response
}

#[cfg(test)]
mod tests {
    use super::Charge;

    #[test]
    fn points_follow_the_worked_examples_of_the_price_list() {
        assert_eq!(Charge::core(1).points(), 2, "get issue");
        assert_eq!(Charge::identity(8).points(), 17, "get group with 8 members");
        assert_eq!(Charge::WRITE.points(), 1, "create issue");
        assert_eq!(Charge::identity(1).points(), 3, "get Confluence user");
        assert_eq!(Charge { core_objects: 100, ..Charge::BASE }.points(), 101, "a page of search results");
    }

    #[test]
    fn a_write_costs_the_base_point_whatever_it_returns() {
        assert_eq!(Charge { core_objects: 7, identity_objects: 3, write: true }.points(), 1);
    }
}

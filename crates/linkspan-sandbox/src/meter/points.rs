//! Points an app spent in the running UTC hour: one pool for all its sites and both products.

use std::collections::HashMap;

use jiff::Timestamp;

/// Points per app. The window is the UTC hour; nothing carries over.
#[derive(Debug, Default)]
pub struct Points {
    hour: i64,
    spent: HashMap<String, u64>,
}

impl Points {
    /// What the app spent this hour.
    pub fn spent(&mut self, client_id: &str, now: Timestamp) -> u64 {
        self.turn(now);
        self.spent.get(client_id).copied().unwrap_or(0)
    }

    /// Adds the price of an answer.
    pub fn spend(&mut self, client_id: &str, points: u64, now: Timestamp) {
        self.turn(now);
        match self.spent.get_mut(client_id) {
            Some(spent) => *spent += points,
            None => {
                self.spent.insert(client_id.to_owned(), points);
            }
        }
    }

    fn turn(&mut self, now: Timestamp) {
        let hour = now.as_second().div_euclid(3600);
        if hour != self.hour {
            self.hour = hour;
            self.spent.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Points;

    #[test]
    fn points_are_counted_per_app_and_forgotten_when_the_utc_hour_turns() {
        let mut points = Points::default();
        let before: jiff::Timestamp = "2026-03-01T10:59:59Z".parse().unwrap();
        points.spend("a", 60, before);
        points.spend("b", 1, before);
        points.spend("a", 5, before);
        assert_eq!((points.spent("a", before), points.spent("b", before)), (65, 1));
        let after = "2026-03-01T11:00:00Z".parse().unwrap();
        assert_eq!(points.spent("a", after), 0);
    }
}

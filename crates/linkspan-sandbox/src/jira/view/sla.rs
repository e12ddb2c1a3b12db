//! Service-level agreements, in the one form that JSM and the custom field of the issue share.

use super::View;
use crate::{
    jira::json::Json,
    world::{
        Millis,
        jira::{Issue, Sla, SlaCycle, SlaMetric},
    },
};

impl View<'_> {
    /// The clock of a request as it stands at the full hour.
    pub(crate) fn sla(&self, json: &mut Json, issue: &Issue, metric: SlaMetric) {
        let Sla { completed, ongoing, .. } = self.site.sla(issue, metric, self.hourly);
        let id = metric.field().0;
        json.object(|json| {
            json.key("id").plain(id);
            json.key("name").string(metric.name());
            json.key("_links").object(|json| {
                json.key("self")
                    .plain(format_args!("{}/rest/servicedeskapi/request/{}/sla/{id}", self.url, issue.id));
            });
            json.key("completedCycles").array(|json| {
                for cycle in &completed {
                    json.object(|json| self.sla_cycle(json, metric, cycle));
                }
            });
            if let Some(cycle) = &ongoing {
                json.key("ongoingCycle").object(|json| {
                    self.sla_cycle(json, metric, cycle);
                    json.key("paused").boolean(cycle.paused);
                    json.key("withinCalendarHours").boolean(true);
                });
            }
            json.key("slaDisplayFormat").string("NEW_SLA_FORMAT");
        });
    }

    fn sla_cycle(&self, json: &mut Json, metric: SlaMetric, cycle: &SlaCycle) {
        json.key("startTime");
        self.jsm_date(json, cycle.start);
        if let Some(stop) = cycle.stop {
            json.key("stopTime");
            self.jsm_date(json, stop);
        }
        // While a clock stands still nobody knows when it will run out.
        if !cycle.paused {
            json.key("breachTime");
            self.jsm_date(json, cycle.breach);
        }
        json.key("breached").boolean(cycle.is_breached(metric));
        for (name, span) in [
            ("goalDuration", metric.goal()),
            ("elapsedTime", cycle.elapsed),
            ("remainingTime", metric.goal() - cycle.elapsed),
        ] {
            json.key(name).object(|json| {
                json.key("millis").number(span);
                json.key("friendly").string(&friendly(span));
            });
        }
    }
}

/// `3h 57m`, `-1h 5m`, `12m`.
fn friendly(span: Millis) -> String {
    let sign = if span < 0 { "-" } else { "" };
    let minutes = span.unsigned_abs() / 60_000;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{sign}{minutes}m"),
        (hours, 0) => format!("{sign}{hours}h"),
        (hours, minutes) => format!("{sign}{hours}h {minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::friendly;

    #[test]
    fn spans_are_told_in_hours_and_minutes() {
        let table =
            [(0, "0m"), (59_999, "0m"), (14_220_000, "3h 57m"), (-3_900_000, "-1h 5m"), (7_200_000, "2h")];
        for (span, expected) in table {
            assert_eq!(friendly(span), expected);
        }
    }
}

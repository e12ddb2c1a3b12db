//! Organizations and customers of service desks (`atlassian-endpoints.md` 5.5).

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use jiff::Timestamp;
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::models::{Account, Contact};
use linkspan_model::record::{Body, Model, NewRecord};
use serde_json::value::RawValue;

use super::sink::{Sink, contact_of, is_customer, items, one, unguarded};
use super::{Converted, PageProblem};
use crate::wire::{Shape as _, jira, read_object};

/// The organization of each customer that was met; of several the one with the lowest id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerOrganizations {
    by_account: HashMap<String, Option<String>>,
}

impl CustomerOrganizations {
    /// Notes that a customer is in this organization, or on a list that names none. `true` when what is known of the
    /// customer's organization is new by that.
    pub fn add(&mut self, account_id: &str, organization_id: Option<&str>) -> bool {
        match self.by_account.entry(account_id.to_owned()) {
            Entry::Vacant(place) => {
                place.insert(organization_id.map(str::to_owned));
                true
            }
            Entry::Occupied(mut place) => {
                let is_lower = match (organization_id, place.get().as_deref()) {
                    (Some(new), Some(known)) => by_number(new, known).is_lt(),
                    (new, known) => new.is_some() && known.is_none(),
                };
                if is_lower {
                    place.insert(organization_id.map(str::to_owned));
                }
                is_lower
            }
        }
    }

    /// Whether the customer was met on any list.
    pub fn knows(&self, account_id: &str) -> bool {
        self.by_account.contains_key(account_id)
    }

    /// The customer's organization.
    pub fn of(&self, account_id: &str) -> Option<&str> {
        self.by_account.get(account_id)?.as_deref()
    }
}

/// The order of ids that are numbers; others come behind, as text.
pub fn by_number(one: &str, other: &str) -> Ordering {
    let key = |id: &str| id.parse::<u64>().map_or((1, 0), |number| (0, number));
    key(one).cmp(&key(other)).then_with(|| one.cmp(other))
}

/// Converts an answer of `organization`.
pub fn organization_page(json: &str, source: SourceId) -> Result<Converted, PageProblem> {
    const KIND: &str = "jsm.organization";
    const PATH: &str = "/rest/servicedeskapi/organization/";
    let mut sink = Sink::new(source);
    for raw in items(json, "values")? {
        let read = read_object::<jira::Organization<'_>>(raw);
        let id = match &read {
            Ok(organization) => match organization.id.id() {
                Some(id) => {
                    put_organization(raw, id, organization, KIND, PATH, source, &mut sink);
                    id.to_owned()
                }
                None => sink.refuse(KIND, None, PATH, raw, "an organization without an id".to_owned()),
            },
            Err(problem) => sink.refuse(KIND, None, PATH, raw, problem.clone()),
        };
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

fn put_organization(
    raw: &RawValue,
    id: &str,
    organization: &jira::Organization<'_>,
    kind: &'static str,
    path: &str,
    source: SourceId,
    sink: &mut Sink,
) {
    let mut odd = Vec::new();
    organization.list_odd(&mut odd);
    let record = RecordId::of(source, Model::Account, id);
    let name = organization.name.text().unwrap_or_default().to_owned();
    let made = organization.created.get().and_then(|date| date.epoch_millis.id()?.parse().ok());
    sink.out.records.push(NewRecord {
        remote_created_at: made.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
        ..unguarded(record, id, Body::Account(Account { name, domains: Vec::new() }))
    });
    sink.raw(kind, id, format!("{path}{id}"), raw, Some(record), &odd);
}

/// Converts an answer of `organization/{id}/user`. A customer becomes a record where this organization is, as far as
/// `known` tells, the one that counts: with the organizations in the order of their ids, each does once.
pub fn organization_user_page(
    json: &str,
    organization_id: &str,
    known: &mut CustomerOrganizations,
    source: SourceId,
) -> Result<Converted, PageProblem> {
    let list = CustomerList {
        kind: "jsm.organizationuser",
        owner: organization_id,
        path: format!("/rest/servicedeskapi/organization/{organization_id}/user"),
        organization: Some(organization_id),
    };
    list.convert(json, known, source)
}

/// Converts an answer of `servicedesk/{id}/customer`. Only customers that no list before has named become records: the
/// lists of organizations say more.
pub fn desk_customer_page(
    json: &str,
    desk_id: &str,
    known: &mut CustomerOrganizations,
    source: SourceId,
) -> Result<Converted, PageProblem> {
    let list = CustomerList {
        kind: "jsm.customer",
        owner: desk_id,
        path: format!("/rest/servicedeskapi/servicedesk/{desk_id}/customer"),
        organization: None,
    };
    list.convert(json, known, source)
}

/// A customer of the site that no list names, from what the site's list of accounts said: somebody whom an open portal
/// lets in. `None` for all other accounts.
pub fn unlisted_customer(
    json: &str,
    known: &CustomerOrganizations,
    source: SourceId,
) -> Result<Option<NewRecord>, PageProblem> {
    let Ok(user) = read_object::<jira::User<'_>>(one(json)?) else { return Ok(None) };
    let unlisted = user.account_id.id().filter(|id| is_customer(&user) && !known.knows(id));
    Ok(unlisted
        .map(|id| unguarded(RecordId::of(source, Model::Contact, id), id, Body::Contact(contact_of(&user)))))
}

/// A list of customers, and whose it is.
struct CustomerList<'a> {
    kind: &'static str,
    owner: &'a str,
    path: String,
    organization: Option<&'a str>,
}

impl CustomerList<'_> {
    fn convert(
        &self,
        json: &str,
        known: &mut CustomerOrganizations,
        source: SourceId,
    ) -> Result<Converted, PageProblem> {
        let mut sink = Sink::new(source);
        for raw in items(json, "values")? {
            let id = self.put(raw, known, source, &mut sink);
            sink.out.ids.push(id);
        }
        Ok(sink.out)
    }

    fn put(
        &self,
        raw: &RawValue,
        known: &mut CustomerOrganizations,
        source: SourceId,
        sink: &mut Sink,
    ) -> String {
        let user = match read_object::<jira::User<'_>>(raw) {
            Ok(user) => user,
            Err(problem) => return sink.refuse(self.kind, None, &self.path, raw, problem),
        };
        let Some(account_id) = user.account_id.id() else {
            let problem = "a customer without an account id".to_owned();
            return sink.refuse(self.kind, None, &self.path, raw, problem);
        };
        let mut odd = Vec::new();
        user.list_odd(&mut odd);
        let record = RecordId::of(source, Model::Contact, account_id);
        if known.add(account_id, self.organization) {
            let account = self.organization.map(|id| RecordId::of(source, Model::Account, id));
            let contact = Contact { account, ..contact_of(&user) };
            sink.out.records.push(unguarded(record, account_id, Body::Contact(contact)));
        }
        let id = format!("{}/{account_id}", self.owner);
        sink.raw(self.kind, &id, self.path.clone(), raw, Some(record), &odd);
        id
    }
}

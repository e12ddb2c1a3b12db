//! Changes to requests, organizations and the customers of service desks.
//!
//! Rights are not checked here: callers ask `access` first.

use std::sync::Arc;

use super::desk::{Organization, ServiceDesk};
use super::issue::Request;
use crate::world::account::AccountStatus;
use crate::world::edit::{EditError, Stamp};
use crate::world::ids::{AccountIndex, IssueId, OrganizationId, ServiceDeskId};
use crate::world::log::Subject;
use crate::world::outbox::Detail;
use crate::world::site::SiteState;

/// The longest name of an organization, in characters.
const MAX_NAME: usize = 200;
/// The most properties of one organization.
const MAX_PROPERTIES: usize = 100;
/// The most organizations of a site.
const MAX_ORGANIZATIONS: usize = 10_000;

impl SiteState {
    /// Changes the request of an issue.
    pub fn edit_request(
        &mut self,
        stamp: Stamp,
        id: IssueId,
        change: impl FnOnce(&mut Request) -> Result<(), EditError>,
    ) -> Result<(), EditError> {
        let mut issue = self.editable(id)?;
        let request = issue.request.as_mut().ok_or(EditError::Missing("the request"))?;
        change(request)?;
        issue.updated = stamp.at;
        self.keep(issue);
        self.note(stamp, id, Subject::IssueUpdated(id), Detail::Nothing);
        Ok(())
    }

    /// Makes an organization.
    pub fn create_organization(&mut self, stamp: Stamp, name: &str) -> Result<OrganizationId, EditError> {
        let organizations = &mut self.jira.config.organizations;
        if name.trim().is_empty() || name.chars().count() > MAX_NAME {
            return Err(EditError::Refused("the name must have 1 to 200 characters"));
        }
        if organizations.len() >= MAX_ORGANIZATIONS {
            return Err(EditError::Refused("the site has as many organizations as it can have"));
        }
        let id = OrganizationId(organizations.iter().map(|it| it.id.0).max().unwrap_or(0) + 1);
        let uuid = crate::world::seed::uuid(id.0, u64::try_from(stamp.at).unwrap_or(0));
        organizations.push(Organization {
            id,
            uuid,
            name: name.trim().to_owned(),
            created: stamp.at,
            members: Vec::new(),
            properties: Vec::new(),
        });
        Ok(id)
    }

    /// Deletes an organization; desks and requests lose it.
    pub fn delete_organization(&mut self, id: OrganizationId) -> Result<(), EditError> {
        let config = &mut self.jira.config;
        let before = config.organizations.len();
        config.organizations.retain(|it| it.id != id);
        if config.organizations.len() == before {
            return Err(EditError::Missing("the organization"));
        }
        for desk in config.projects.iter_mut().filter_map(|project| project.service_desk.as_mut()) {
            desk.organizations.retain(|it| *it != id);
        }
        Ok(())
    }

    /// Puts an account into an organization, or takes it out.
    pub fn set_organization_member(
        &mut self,
        id: OrganizationId,
        account: AccountIndex,
        present: bool,
    ) -> Result<(), EditError> {
        let members = &mut self.organization_mut(id)?.members;
        match (members.binary_search(&account), present) {
            (Err(at), true) => members.insert(at, account),
            (Ok(at), false) => drop(members.remove(at)),
            _ => {}
        }
        Ok(())
    }

    /// Sets a property of an organization (JSON text), or removes it. Returns whether it was there before.
    pub fn set_organization_property(
        &mut self,
        id: OrganizationId,
        key: &str,
        value: Option<Arc<str>>,
    ) -> Result<bool, EditError> {
        let properties = &mut self.organization_mut(id)?.properties;
        let at = properties.iter().position(|(present, _)| present == key);
        match (at, value) {
            (Some(at), Some(value)) => properties[at].1 = value,
            (Some(at), None) => drop(properties.remove(at)),
            (None, Some(_)) if properties.len() >= MAX_PROPERTIES => {
                return Err(EditError::Refused("an organization has at most 100 properties"));
            }
            (None, Some(value)) => properties.push((key.to_owned(), value)),
            (None, None) => {}
        }
        Ok(at.is_some())
    }

    /// Adds an organization to a desk, or removes it.
    pub fn set_desk_organization(
        &mut self,
        desk: ServiceDeskId,
        organization: OrganizationId,
        present: bool,
    ) -> Result<(), EditError> {
        if self.jira.config.organization(organization).is_none() {
            return Err(EditError::Missing("the organization"));
        }
        let organizations = &mut self.desk_mut(desk)?.organizations;
        organizations.retain(|it| *it != organization);
        if present {
            organizations.push(organization);
        }
        Ok(())
    }

    /// Adds a customer to a desk, or removes one.
    pub fn set_desk_customer(
        &mut self,
        desk: ServiceDeskId,
        account: AccountIndex,
        present: bool,
    ) -> Result<(), EditError> {
        let customers = &mut self.desk_mut(desk)?.customers;
        customers.retain(|it| *it != account);
        if present {
            customers.push(account);
        }
        Ok(())
    }

    /// Makes a portal-only customer of this site out of one of the accounts kept for that.
    pub fn create_customer(
        &mut self,
        stamp: Stamp,
        email: &str,
        name: &str,
    ) -> Result<AccountIndex, EditError> {
        let well_formed =
            email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
        if !well_formed || email.len() > 254 {
            return Err(EditError::Refused("the e-mail address is not valid"));
        }
        let known = self.directory.by_email(email).map(|account| account.index);
        if known.is_some_and(|account| self.is_present(account)) {
            return Err(EditError::Refused("an account with this e-mail already exists"));
        }
        let account = match known {
            Some(account) => account,
            None => self
                .directory
                .claim_spare(email, if name.trim().is_empty() { email } else { name.trim() })
                .ok_or(EditError::Refused("the sandbox has no room for a further customer"))?,
        };
        if let Err(at) = self.present.binary_search(&account) {
            self.present.insert(at, account);
        }
        self.directory.get(account).set_status(AccountStatus::Active);
        self.log.push(stamp.at, stamp.by, Subject::AccountChanged(account));
        Ok(account)
    }

    fn organization_mut(&mut self, id: OrganizationId) -> Result<&mut Organization, EditError> {
        let mut organizations = self.jira.config.organizations.iter_mut();
        organizations.find(|it| it.id == id).ok_or(EditError::Missing("the organization"))
    }

    fn desk_mut(&mut self, id: ServiceDeskId) -> Result<&mut ServiceDesk, EditError> {
        let mut desks = self.jira.config.projects.iter_mut().filter_map(|it| it.service_desk.as_mut());
        desks.find(|desk| desk.id == id).ok_or(EditError::Missing("the service desk"))
    }
}

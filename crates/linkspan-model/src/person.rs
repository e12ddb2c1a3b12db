//! Records that are about one account each: what they hold of the person, apart from how the person is placed on the site.

use crate::ids::{RecordId, SourceId};
use crate::models::{Contact, User};
use crate::record::{Body, Model};

impl Model {
    /// The models whose records are about one account each, under that account's id. An account may have one of each: a
    /// member of the site who also is a customer of a service desk.
    pub const PEOPLE: [Self; 2] = [Self::User, Self::Contact];

    /// Whether its records are about one account each.
    pub fn is_of_people(self) -> bool {
        Self::PEOPLE.contains(&self)
    }
}

impl RecordId {
    /// The records that are about an account, one for each of [`Model::PEOPLE`].
    pub fn of_person(source: SourceId, account_id: &str) -> [Self; 2] {
        Model::PEOPLE.map(|model| Self::of(source, model, account_id))
    }
}

impl Body {
    /// An instance that says nothing of the person; `None` for models that are not about one.
    pub fn bare_person(model: Model) -> Option<Self> {
        match model {
            Model::User => Some(Self::User(User::default())),
            Model::Contact => Some(Self::Contact(Contact::default())),
            _ => None,
        }
    }

    /// The name and the e-mail address of the person that this is about, where it has them.
    pub fn name_and_email(&self) -> (Option<&str>, Option<&str>) {
        let (name, email) = match self {
            Self::User(user) => (user.name.as_str(), user.email_address.as_deref()),
            Self::Contact(contact) => (contact.name.as_str(), contact.email_address.as_deref()),
            _ => return (None, None),
        };
        (Some(name).filter(|name| !name.is_empty()), email.filter(|email| !email.is_empty()))
    }

    /// This person, with what `now` says of them instead. Groups, roles and the organization are no part of a person, and
    /// stay. What is not about a person is given back as it is.
    #[must_use]
    pub fn with_person(self, now: &Self) -> Self {
        match (self, now) {
            (Self::User(stored), Self::User(now)) => {
                Self::User(User { teams: stored.teams, roles: stored.roles, ..now.clone() })
            }
            (Self::User(stored), Self::Contact(now)) => Self::User(User {
                name: now.name.clone(),
                email_address: now.email_address.clone(),
                is_active: now.is_active,
                teams: stored.teams,
                roles: stored.roles,
                ..User::default()
            }),
            (Self::Contact(stored), Self::Contact(now)) => {
                Self::Contact(Contact { account: stored.account, ..now.clone() })
            }
            (Self::Contact(stored), Self::User(now)) => Self::Contact(Contact {
                name: now.name.clone(),
                email_address: now.email_address.clone(),
                is_active: now.is_active,
                account: stored.account,
            }),
            (other, _) => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_person_has_neither_name_nor_address() {
        for model in Model::ALL {
            let bare = Body::bare_person(model);
            assert_eq!(bare.is_some(), model.is_of_people());
            assert!(bare.is_none_or(|bare| bare.name_and_email() == (None, None) && bare.model() == model));
        }
    }

    #[test]
    fn a_renamed_person_stays_where_they_are_placed() {
        let place = RecordId(uuid::Uuid::from_u128(7));
        let now = Body::User(User { name: "New".to_owned(), email_address: None, ..User::default() });
        let user = Body::User(User { name: "Old".to_owned(), teams: vec![place], ..User::default() });
        let contact = Body::Contact(Contact {
            name: "Old".to_owned(),
            email_address: Some("old@acme.example".to_owned()),
            account: Some(place),
            ..Contact::default()
        });
        let Body::User(user) = user.with_person(&now) else { panic!("a user stays one") };
        assert_eq!((user.name.as_str(), user.teams), ("New", vec![place]));
        let Body::Contact(contact) = contact.with_person(&now) else { panic!("a contact stays one") };
        assert_eq!(
            (contact.name.as_str(), contact.email_address, contact.account),
            ("New", None, Some(place))
        );
    }
}

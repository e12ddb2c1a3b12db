//! Who may see a record, in the words of the two wires.

use linkspan_engine::read::{Audience, RecordReader};
use linkspan_model::access::{Gate, Principal, is_portal_customer};
use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
use uuid::Uuid;

use super::{Presenter, Stored};
use crate::wire::knowledgebase::KnowledgeBasePermission;
use crate::wire::ticketing::Permission;
use crate::wire::{Related, Time};

/// Permissions of a ticket or collection: one for each clause and kind of holder. A ticket without a rule of its own
/// inherits from its project. The list never says more than the rule grants; `viewers` is the authority.
pub(super) fn ticketing_permissions(
    presenter: &Presenter<'_>,
    record: &Stored,
    collections: &[RecordId],
) -> Vec<Permission> {
    let Some(rule) = presenter.rules.get(&record.id) else { return Vec::new() };
    let source = presenter.scope.source().id;
    let permission = |what: &str, effect: &str| Permission {
        id: Uuid::new_v5(&record.id.0, format!("permission:{what}").as_bytes()),
        remote_id: None,
        created_at: Time(record.created_at),
        modified_at: Time(record.modified_at),
        effect: Some(effect.to_owned()),
        actions: if effect == "ALLOWED" { vec!["VIEW".to_owned()] } else { Vec::new() },
        applied_to_users: Vec::new(),
        applied_to_roles: Vec::new(),
        applied_to_teams: Vec::new(),
        applied_to_collections: Vec::new(),
        remote_was_deleted: record.is_deleted_upstream(),
        field_mappings: None,
    };
    let is_own = |gate: &Gate| match record.model {
        Model::Ticket => matches!(gate, Gate::SecurityLevel | Gate::IssueRestriction),
        _ => matches!(gate, Gate::BrowseProject),
    };
    let own: Vec<_> = rule.clauses().iter().filter(|clause| is_own(&clause.gate)).collect();
    if own.is_empty() && !collections.is_empty() {
        let collections = collections.iter().map(|id| id.0).collect();
        return vec![Permission {
            applied_to_collections: collections,
            ..permission("inherited", "INHERITED")
        }];
    }
    let mut permissions = Vec::new();
    for (index, clause) in own.into_iter().enumerate() {
        let mut users = Vec::new();
        let mut teams = Vec::new();
        for principal in &clause.any_of {
            match principal {
                Principal::Account(id) if !is_portal_customer(id) => {
                    users.push(RecordId::of(source, Model::User, id).0);
                }
                Principal::Group(id) => teams.push(RecordId::of(source, Model::Group, id).0),
                _ => {}
            }
        }
        if !users.is_empty() {
            permissions.push(Permission {
                applied_to_users: users,
                ..permission(&format!("{index}:users"), "ALLOWED")
            });
        }
        if !teams.is_empty() {
            permissions.push(Permission {
                applied_to_teams: teams,
                ..permission(&format!("{index}:teams"), "ALLOWED")
            });
        }
    }
    permissions
}

/// Permissions of an article or container: any one of them suffices.
pub(super) fn knowledgebase_permissions(
    presenter: &Presenter<'_>,
    record: &Stored,
) -> Vec<Related<KnowledgeBasePermission>> {
    let permission = |kind: &str, what: &str, user, group| KnowledgeBasePermission {
        id: Uuid::new_v5(&record.id.0, format!("permission:{what}").as_bytes()),
        remote_id: None,
        created_at: Time(record.created_at),
        modified_at: Time(record.modified_at),
        user,
        group,
        r#type: Some(kind.to_owned()),
        roles: vec!["READ".to_owned()],
        remote_was_deleted: record.is_deleted_upstream(),
        field_mappings: None,
        remote_data: None,
    };
    let permissions = match presenter.audiences.get(&record.id) {
        None => Vec::new(),
        Some(Audience::Anyone) => vec![permission("ANYONE", "anyone", None, None)],
        Some(Audience::Company) => vec![permission("COMPANY", "company", None, None)],
        Some(Audience::Only(readers)) => readers
            .iter()
            .map(|reader| match reader {
                RecordReader::Group(id) => permission("GROUP", &id.to_string(), None, Some(id.0)),
                RecordReader::User(id) => permission("USER", &id.to_string(), Some(id.0), None),
            })
            .collect(),
    };
    let whole = presenter.expands("permissions");
    permissions
        .into_iter()
        .map(
            |permission| {
                if whole { Related::Record(Box::new(permission)) } else { Related::Id(permission.id) }
            },
        )
        .collect()
}

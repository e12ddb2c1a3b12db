//! Jira platform and Jira Service Management (`atlassian-endpoints.md` 3 and 5).

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Day, Flag, Id, Listed as _, Member, Moment, Number, Shape, Text, read, shapes};

/// Pieces of JSON, in order.
pub(crate) type List<'a> = Vec<&'a RawValue>;

shapes! {
    /// An issue, as search, bulk fetch and single read give it.
    Issue {
        "id" id: Member<Id<'a>>,
        "key" key: Member<Text<'a>>,
        "fields" fields: Option<IssueFields<'a>>,
        "changelog" changelog: Member<ChildList<'a>>,
    }
    /// A list embedded in its parent, or a page of one: upstream cuts embedded ones (hazard S8).
    ChildList {
        "startAt" start_at: Member<Number>,
        "total" total: Member<Number>,
        "comments" comments: Option<List<'a>>,
        "worklogs" worklogs: Option<List<'a>>,
        "histories" histories: Option<List<'a>>,
    }
    /// Something of which only the name matters: issue type, resolution.
    Named {
        "name" name: Member<Text<'a>>,
    }
    /// The type of an issue.
    IssueType {
        "name" name: Member<Text<'a>>,
        "subtask" subtask: Member<Flag>,
    }
    /// The status of an issue.
    Status {
        "name" name: Member<Text<'a>>,
        "statusCategory" category: Member<StatusCategory<'a>>,
    }
    /// The category of a status; its key is the same in every language.
    StatusCategory {
        "key" key: Member<Text<'a>>,
    }
    /// A priority, or another thing with an id and a name.
    IdAndName {
        "id" id: Member<Id<'a>>,
        "name" name: Member<Text<'a>>,
    }
    /// A thing of which only the identity matters.
    Keyed {
        "id" id: Member<Id<'a>>,
        "key" key: Member<Id<'a>>,
    }
    /// An account. Name, e-mail and picture may be hidden by the profile.
    User {
        "accountId" account_id: Member<Id<'a>>,
        "accountType" account_type: Member<Text<'a>>,
        "displayName" display_name: Member<Text<'a>>,
        "emailAddress" email_address: Member<Text<'a>>,
        "active" active: Member<Flag>,
        "avatarUrls" avatar_urls: Option<&'a RawValue>,
        "groups" groups: Member<ExpandedList<'a>>,
    }
    /// The portal and request type that a request came from.
    RequestOrigin {
        "requestType" request_type: Member<Named<'a>>,
    }
    /// An organization of customers.
    Organization {
        "id" id: Member<Id<'a>>,
        "name" name: Member<Text<'a>>,
        "created" created: Member<ServiceDate<'a>>,
    }
    /// A moment as Jira Service Management tells it, in four forms.
    ServiceDate {
        "epochMillis" epoch_millis: Member<Id<'a>>,
    }
    /// Pictures by size.
    AvatarUrls {
        "48x48" largest: Member<Text<'a>>,
    }
    /// A list behind an expand.
    ExpandedList {
        "size" size: Member<Number>,
        "items" items: Member<List<'a>>,
    }
    /// The project of an issue, or a project.
    Project {
        "id" id: Member<Id<'a>>,
        "key" key: Member<Text<'a>>,
        "name" name: Member<Text<'a>>,
        "description" description: Member<Text<'a>>,
        "projectTypeKey" type_key: Member<Text<'a>>,
        "simplified" simplified: Member<Flag>,
        "style" style: Member<Text<'a>>,
        "isPrivate" is_private: Member<Flag>,
        "archived" archived: Member<Flag>,
        "lead" lead: Member<User<'a>>,
    }
    /// A comment on an issue.
    Comment {
        "id" id: Member<Id<'a>>,
        "author" author: Member<User<'a>>,
        "body" body: Option<&'a RawValue>,
        "created" created: Member<Moment>,
        "updated" updated: Member<Moment>,
        "visibility" visibility: Member<Visibility<'a>>,
        "jsdPublic" jsd_public: Member<Flag>,
    }
    /// To whom a comment or worklog is limited.
    Visibility {
        "type" kind: Member<Text<'a>>,
        "value" value: Member<Text<'a>>,
        "identifier" identifier: Member<Id<'a>>,
    }
    /// Time logged.
    Worklog {
        "id" id: Member<Id<'a>>,
        "author" author: Member<User<'a>>,
        "comment" comment: Option<&'a RawValue>,
        "created" created: Member<Moment>,
        "updated" updated: Member<Moment>,
        "started" started: Member<Moment>,
        "timeSpentSeconds" seconds: Member<Number>,
        "visibility" visibility: Member<Visibility<'a>>,
    }
    /// A file of an issue.
    Attachment {
        "id" id: Member<Id<'a>>,
        "filename" file_name: Member<Text<'a>>,
        "mimeType" content_type: Member<Text<'a>>,
        "size" size: Member<Number>,
        "created" created: Member<Moment>,
        "author" author: Member<User<'a>>,
    }
    /// The change histories of one issue, in the bulk form.
    IssueChanges {
        "issueId" issue_id: Member<Id<'a>>,
        "changeHistories" histories: Member<List<'a>>,
    }
    /// A group: id and name.
    Group {
        "groupId" id: Member<Id<'a>>,
        "name" name: Member<Text<'a>>,
    }
    /// A project role, with its actors where it was read within a project.
    Role {
        "id" id: Member<Id<'a>>,
        "name" name: Member<Text<'a>>,
        "description" description: Member<Text<'a>>,
        "actors" actors: Member<List<'a>>,
    }
    /// Who plays a role.
    Actor {
        "type" kind: Member<Text<'a>>,
        "actorGroup" group: Member<Group<'a>>,
        "actorUser" user: Member<User<'a>>,
    }
    /// A permission scheme, with its grants where they were asked for.
    PermissionScheme {
        "id" id: Member<Id<'a>>,
        "permissions" permissions: Member<List<'a>>,
    }
    /// A grant of a permission scheme.
    Grant {
        "permission" permission: Member<Text<'a>>,
        "holder" holder: Member<Holder<'a>>,
    }
    /// A member of a security level.
    LevelMember {
        "id" id: Member<Id<'a>>,
        "issueSecurityLevelId" level_id: Member<Id<'a>>,
        "issueSecuritySchemeId" scheme_id: Member<Id<'a>>,
        "holder" holder: Member<Holder<'a>>,
    }
    /// To whom something is granted (`atlassian-permissions.md` 2.1).
    Holder {
        "type" kind: Member<Text<'a>>,
        "parameter" parameter: Member<Id<'a>>,
        "value" value: Member<Id<'a>>,
    }
    /// An application role.
    ApplicationRole {
        "key" key: Member<Text<'a>>,
        "groupDetails" groups: Member<List<'a>>,
    }
    /// Restriction of a team-managed issue to roles.
    IssueRestriction {
        "issuerestrictions" restrictions: Member<RestrictionKinds<'a>>,
    }
    /// Restrictions by kind; roles are the only kind seen.
    RestrictionKinds {
        "projectrole" roles: Member<List<'a>>,
    }
    /// One restriction.
    RestrictionValue {
        "restrictionValue" value: Member<Id<'a>>,
    }
    /// A field of the site.
    Field {
        "id" id: Member<Id<'a>>,
        "name" name: Member<Text<'a>>,
        "custom" custom: Member<Flag>,
        "schema" schema: Member<FieldSchema<'a>>,
    }
    /// What a field holds.
    FieldSchema {
        "type" kind: Member<Text<'a>>,
        "items" items: Member<Text<'a>>,
        "system" system: Member<Text<'a>>,
        "custom" custom: Member<Text<'a>>,
    }
}

macro_rules! issue_fields {
    ($($wire:literal $field:ident: $type:ty,)*) => {
        /// The fields of an issue: those with a counterpart in the common models, and all others as they are.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct IssueFields<'a> {
            $(pub(crate) $field: $type,)*
            /// Everything else that is not null.
            pub(crate) others: Vec<(Cow<'a, str>, &'a RawValue)>,
        }

        impl<'a> IssueFields<'a> {
            fn put(&mut self, name: Cow<'a, str>, raw: &'a RawValue) {
                match name.as_ref() {
                    $($wire => self.$field = read(raw),)*
                    _ if raw.get() != "null" => self.others.push((name, raw)),
                    _ => {}
                }
            }
        }

        impl Shape for IssueFields<'_> {
            fn list_odd(&self, odd: &mut Vec<String>) {
                $(self.$field.list($wire, odd);)*
            }
        }
    };
}

issue_fields! {
    "summary" summary: Member<Text<'a>>,
    "description" description: Member<&'a RawValue>,
    "environment" environment: Member<&'a RawValue>,
    "status" status: Member<Status<'a>>,
    "priority" priority: Member<IdAndName<'a>>,
    "issuetype" issue_type: Member<IssueType<'a>>,
    "resolution" resolution: Member<Named<'a>>,
    "project" project: Member<Project<'a>>,
    "parent" parent: Member<IdAndName<'a>>,
    "assignee" assignee: Member<User<'a>>,
    "reporter" reporter: Member<User<'a>>,
    "creator" creator: Member<User<'a>>,
    "labels" labels: Member<List<'a>>,
    "attachment" attachments: Member<List<'a>>,
    "comment" comments: Member<ChildList<'a>>,
    "worklog" worklogs: Member<ChildList<'a>>,
    "created" created: Member<Moment>,
    "updated" updated: Member<Moment>,
    "duedate" due: Member<Day>,
    "resolutiondate" resolved: Member<Moment>,
}

impl<'a> IssueFields<'a> {
    /// A field without a place of its own, by id.
    pub(crate) fn other(&self, id: &str) -> Option<&'a RawValue> {
        self.others.iter().find(|(name, _)| name == id).map(|(_, raw)| *raw)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for IssueFields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = IssueFields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the fields of an issue")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = IssueFields::default();
                while let Some(Text(name)) = map.next_key()? {
                    fields.put(name, map.next_value()?);
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

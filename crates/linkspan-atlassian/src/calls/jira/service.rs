//! Jira Service Management (`atlassian-endpoints.md` 5).

use super::READ_WORK;
use crate::calls::{Call, Feature, all_of};

/// Lists service desks.
pub static SERVICE_DESKS: Call =
    Call::get(Feature::Requests, "jira.jsm.servicedesks", "/rest/servicedeskapi/servicedesk")
        .scopes(all_of!["read:servicedesk-request"], all_of!["read:servicedesk:jira-service-management"])
        .list("values")
        .start(50, None);

/// Lists the request types of a service desk.
pub static REQUEST_TYPES: Call = Call::get(
    Feature::Requests,
    "jira.jsm.request-types",
    "/rest/servicedeskapi/servicedesk/{serviceDeskId}/requesttype",
)
.scopes(all_of!["read:servicedesk-request"], all_of!["read:requesttype:jira-service-management"])
.list("values")
.start(50, None);

/// Reads the fields of a request type.
pub static REQUEST_TYPE_FIELDS: Call = Call::get(
    Feature::Requests,
    "jira.jsm.request-type-fields",
    "/rest/servicedeskapi/servicedesk/{serviceDeskId}/requesttype/{requestTypeId}/field",
)
.scopes(all_of!["read:servicedesk-request"], all_of!["read:requesttype:jira-service-management"]);

/// Lists the groups of request types of a service desk.
pub static REQUEST_TYPE_GROUPS: Call = Call::get(
    Feature::Requests,
    "jira.jsm.request-type-groups",
    "/rest/servicedeskapi/servicedesk/{serviceDeskId}/requesttypegroup",
)
.scopes(all_of!["read:servicedesk-request"], all_of!["read:requesttype:jira-service-management"])
.list("values")
.start(50, None);

/// Lists the queues of a service desk.
pub static QUEUES: Call =
    Call::get(Feature::Requests, "jira.jsm.queues", "/rest/servicedeskapi/servicedesk/{serviceDeskId}/queue")
        .scopes(READ_WORK, all_of!["read:queue:jira-service-management", "read:user:jira", "read:jql:jira"])
        .list("values")
        .start(50, None);

/// Reads a request as its portal shows it.
pub static REQUEST: Call =
    Call::get(Feature::Requests, "jira.jsm.request", "/rest/servicedeskapi/request/{issueIdOrKey}")
        .scopes(
            all_of!["read:servicedesk-request"],
            all_of!["read:request:jira-service-management", "read:user:jira"],
        )
        .core();

/// Lists the service-level clocks of a request.
pub static REQUEST_SLAS: Call =
    Call::get(Feature::Requests, "jira.jsm.slas", "/rest/servicedeskapi/request/{issueIdOrKey}/sla")
        .scopes(READ_WORK, all_of!["read:request.sla:jira-service-management"])
        .list("values")
        .start(50, None);

/// Lists the approvals of a request.
pub static REQUEST_APPROVALS: Call = Call::get(
    Feature::Requests,
    "jira.jsm.approvals",
    "/rest/servicedeskapi/request/{issueIdOrKey}/approval",
)
.scopes(
    all_of!["read:servicedesk-request"],
    all_of!["read:request.approval:jira-service-management", "read:user:jira"],
)
.list("values")
.start(50, None);

/// Lists the participants of a request.
pub static REQUEST_PARTICIPANTS: Call = Call::get(
    Feature::Requests,
    "jira.jsm.participants",
    "/rest/servicedeskapi/request/{issueIdOrKey}/participant",
)
.scopes(
    all_of!["read:servicedesk-request"],
    all_of!["read:request.participant:jira-service-management", "read:user:jira"],
)
.identity()
.list("values")
.start(50, None);

/// Lists the comments of a request, public and internal.
pub static REQUEST_COMMENTS: Call =
    Call::get(Feature::Requests, "jira.jsm.comments", "/rest/servicedeskapi/request/{issueIdOrKey}/comment")
        .scopes(
            all_of!["read:servicedesk-request"],
            all_of!["read:request.comment:jira-service-management", "read:user:jira"],
        )
        .list("values")
        .start(50, None);

/// Reads what the customer thought of the help; experimental.
pub static REQUEST_FEEDBACK: Call = Call::get(
    Feature::Requests,
    "jira.jsm.feedback",
    "/rest/servicedeskapi/request/{requestIdOrKey}/feedback",
)
.scopes(
    all_of!["read:servicedesk-request"],
    all_of!["read:request.feedback:jira-service-management", "read:user:jira"],
)
.experimental();

/// Lists the statuses that a request went through, as its portal names them.
pub static REQUEST_STATUSES: Call =
    Call::get(Feature::Requests, "jira.jsm.statuses", "/rest/servicedeskapi/request/{issueIdOrKey}/status")
        .scopes(
            all_of!["read:servicedesk-request"],
            all_of!["read:request.status:jira-service-management", "read:user:jira"],
        )
        .list("values")
        .start(50, None);

/// Searches the articles behind all service desks.
pub static KNOWLEDGE_ARTICLES: Call =
    Call::get(Feature::Requests, "jira.jsm.articles", "/rest/servicedeskapi/knowledgebase/article")
        .scopes(all_of!["read:servicedesk-request"], all_of!["read:knowledgebase:jira-service-management"])
        .next_link(50)
        .list("values");

/// Lists organizations.
pub static ORGANIZATIONS: Call =
    Call::get(Feature::Customers, "jira.jsm.organizations", "/rest/servicedeskapi/organization")
        .scopes(all_of!["manage:servicedesk-customer"], all_of!["read:organization:jira-service-management"])
        .list("values")
        .start(50, None);

/// Lists the customers in an organization.
pub static ORGANIZATION_USERS: Call = Call::get(
    Feature::Customers,
    "jira.jsm.organization-users",
    "/rest/servicedeskapi/organization/{organizationId}/user",
)
.scopes(
    all_of!["manage:servicedesk-customer"],
    all_of!["read:organization.user:jira-service-management", "read:user:jira"],
)
.identity()
.list("values")
.start(50, None);

/// Lists the organizations of a service desk.
pub static DESK_ORGANIZATIONS: Call = Call::get(
    Feature::Customers,
    "jira.jsm.desk-organizations",
    "/rest/servicedeskapi/servicedesk/{serviceDeskId}/organization",
)
.scopes(
    all_of!["manage:servicedesk-customer"],
    all_of!["read:servicedesk.organization:jira-service-management"],
)
.list("values")
.start(50, None);

/// Lists the customers added to a service desk; experimental.
pub static DESK_CUSTOMERS: Call = Call::get(
    Feature::Customers,
    "jira.jsm.customers",
    "/rest/servicedeskapi/servicedesk/{serviceDeskId}/customer",
)
.scopes(
    all_of!["manage:servicedesk-customer"],
    all_of!["read:servicedesk.customer:jira-service-management", "read:user:jira"],
)
.identity()
.list("values")
.start(50, None)
.experimental();

/// Every operation of this file.
pub(super) static ALL: &[&Call] = &[
    &SERVICE_DESKS,
    &REQUEST_TYPES,
    &REQUEST_TYPE_FIELDS,
    &REQUEST_TYPE_GROUPS,
    &QUEUES,
    &REQUEST,
    &REQUEST_SLAS,
    &REQUEST_APPROVALS,
    &REQUEST_PARTICIPANTS,
    &REQUEST_COMMENTS,
    &REQUEST_FEEDBACK,
    &REQUEST_STATUSES,
    &KNOWLEDGE_ARTICLES,
    &ORGANIZATIONS,
    &ORGANIZATION_USERS,
    &DESK_ORGANIZATIONS,
    &DESK_CUSTOMERS,
];

//! Jira Service Management's resources. Requests are Jira issues and are read with them; what is here is the rest.

use super::{Bind, Identity, Question, Resource, each, listed, on_demand, site, stream, way};
use crate::calls::Feature as F;
use crate::calls::jira as calls;
use linkspan_model::record::Model;

const DESK: &[(&str, Bind)] = &[("serviceDeskId", Bind::Id)];
const ISSUE: &[(&str, Bind)] = &[("issueIdOrKey", Bind::Id)];

pub(super) static ALL: &[Resource] = &[
    listed(
        "jsm.servicedesk",
        "service desks",
        F::Requests,
        &[way(&[&calls::SERVICE_DESKS])],
        site("/rest/servicedeskapi/servicedesk/{id}"),
    ),
    listed(
        "jsm.requesttype",
        "request types",
        F::Requests,
        &[way(&[&calls::SERVICE_DESKS, &calls::REQUEST_TYPES])],
        each("jsm.servicedesk", DESK, "/rest/servicedeskapi/servicedesk/{serviceDeskId}/requesttype/{id}")
            .id(Identity::Within("id")),
    ),
    listed(
        "jsm.requesttypefield",
        "fields of request types",
        F::Requests,
        &[way(&[&calls::SERVICE_DESKS, &calls::REQUEST_TYPES, &calls::REQUEST_TYPE_FIELDS])],
        each(
            "jsm.requesttype",
            &[("serviceDeskId", Bind::Part(0)), ("requestTypeId", Bind::Part(1))],
            "/rest/servicedeskapi/servicedesk/{serviceDeskId}/requesttype/{requestTypeId}/field",
        )
        .id(Identity::Whole("field")),
    ),
    listed(
        "jsm.requesttypegroup",
        "groups of request types",
        F::Requests,
        &[way(&[&calls::SERVICE_DESKS, &calls::REQUEST_TYPE_GROUPS])],
        each("jsm.servicedesk", DESK, "/rest/servicedeskapi/servicedesk/{serviceDeskId}/requesttypegroup")
            .id(Identity::Within("id")),
    ),
    listed(
        "jsm.queue",
        "queues",
        F::Requests,
        &[way(&[&calls::SERVICE_DESKS, &calls::QUEUES])],
        each("jsm.servicedesk", DESK, "/rest/servicedeskapi/servicedesk/{serviceDeskId}/queue/{id}")
            .id(Identity::Within("id"))
            .query(&[("includeCount", "true")]),
    ),
    stream(
        "jsm.organization",
        "organizations",
        F::Customers,
        Some(Model::Account),
        "customers",
        &[way(&[&calls::ORGANIZATIONS])],
    ),
    stream(
        "jsm.organizationuser",
        "customers in organizations",
        F::Customers,
        Some(Model::Contact),
        "customers",
        &[way(&[&calls::ORGANIZATIONS, &calls::ORGANIZATION_USERS])],
    ),
    stream(
        "jsm.customer",
        "customers of service desks",
        F::Customers,
        Some(Model::Contact),
        "customers",
        &[way(&[&calls::SERVICE_DESKS, &calls::DESK_CUSTOMERS])],
    ),
    listed(
        "jsm.deskorganization",
        "organizations of service desks",
        F::Customers,
        &[way(&[&calls::SERVICE_DESKS, &calls::DESK_ORGANIZATIONS])],
        each("jsm.servicedesk", DESK, "/rest/servicedeskapi/servicedesk/{serviceDeskId}/organization")
            .id(Identity::Within("id")),
    ),
    on_demand(
        "jsm.request",
        "requests as their portal shows them",
        F::Requests,
        &[way(&[&calls::REQUEST])],
        each("jira.issue", ISSUE, "/rest/servicedeskapi/request/{issueIdOrKey}")
            .id(Identity::Whole("request"))
            .query(&[("expand", "serviceDesk,requestType,participant,sla,status,attachment")]),
    ),
    on_demand(
        "jsm.sla",
        "service-level clocks",
        F::Requests,
        &[way(&[&calls::REQUEST_SLAS])],
        each("jira.issue", ISSUE, "/rest/servicedeskapi/request/{issueIdOrKey}/sla/{id}")
            .id(Identity::Within("id")),
    ),
    on_demand(
        "jsm.approval",
        "approvals",
        F::Requests,
        &[way(&[&calls::REQUEST_APPROVALS])],
        each("jira.issue", ISSUE, "/rest/servicedeskapi/request/{issueIdOrKey}/approval/{id}")
            .id(Identity::Within("id")),
    ),
    on_demand(
        "jsm.participant",
        "participants of requests",
        F::Requests,
        &[way(&[&calls::REQUEST_PARTICIPANTS])],
        each("jira.issue", ISSUE, "/rest/servicedeskapi/request/{issueIdOrKey}/participant")
            .id(Identity::Within("accountId")),
    ),
    on_demand(
        "jsm.requestcomment",
        "comments of requests, public and internal",
        F::Requests,
        &[way(&[&calls::REQUEST_COMMENTS])],
        each("jira.issue", ISSUE, "/rest/servicedeskapi/request/{issueIdOrKey}/comment/{id}")
            .id(Identity::Within("id")),
    ),
    on_demand(
        "jsm.feedback",
        "feedback of customers",
        F::Requests,
        &[way(&[&calls::REQUEST_FEEDBACK])],
        each(
            "jira.issue",
            &[("requestIdOrKey", Bind::Id)],
            "/rest/servicedeskapi/request/{requestIdOrKey}/feedback",
        )
        .id(Identity::Whole("feedback")),
    ),
    on_demand(
        "jsm.requeststatus",
        "statuses that requests went through",
        F::Requests,
        &[way(&[&calls::REQUEST_STATUSES])],
        each("jira.issue", ISSUE, "/rest/servicedeskapi/request/{issueIdOrKey}/status")
            .id(Identity::Pair("status", "statusDate")),
    ),
    on_demand(
        "jsm.article",
        "articles of knowledge bases",
        F::Requests,
        &[way(&[&calls::KNOWLEDGE_ARTICLES])],
        site("/rest/servicedeskapi/knowledgebase/article")
            .question(Question::Query("query"))
            // Titles are unique within their space alone.
            .id(Identity::Pair("title", "source")),
    ),
];

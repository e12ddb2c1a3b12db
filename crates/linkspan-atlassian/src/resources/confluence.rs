//! Confluence's resources.

use linkspan_model::record::Model;

use super::{
    Bind, Identity, Listing, Per, Question, Resource, SettingWords, action, each, lesser, listed, on_demand,
    site, stream, way,
};
use crate::calls::Feature as F;
use crate::calls::confluence as calls;

const SPACE: &[(&str, Bind)] = &[("id", Bind::Id)];
const SPACE_KEY: &[(&str, Bind)] = &[("spaceKey", Bind::Member("key"))];

pub(super) static ALL: &[Resource] = &[
    stream(
        "confluence.space",
        "spaces",
        F::Articles,
        Some(Model::Container),
        "spaces",
        &[way(&[&calls::SPACES])],
    ),
    stream(
        "confluence.page",
        "pages",
        F::Articles,
        Some(Model::Article),
        "pages",
        &[way(&[&calls::PAGES]), lesser(&[&calls::CONTENT_SEARCH], "archived pages")],
    ),
    stream(
        "confluence.blogpost",
        "blog posts",
        F::Articles,
        Some(Model::Article),
        "blogposts",
        &[way(&[&calls::BLOGPOSTS]), way(&[&calls::CONTENT_SEARCH])],
    ),
    stream(
        "confluence.version",
        "versions of articles",
        F::Articles,
        None,
        "versions",
        &[way(&[&calls::PAGE_VERSIONS, &calls::BLOGPOST_VERSIONS])],
    ),
    stream(
        "confluence.folder",
        "folders",
        F::Articles,
        Some(Model::Container),
        "tree",
        &[way(&[&calls::FOLDER]), way(&[&calls::CONTENT_SEARCH])],
    ),
    stream(
        "confluence.database",
        "databases",
        F::Articles,
        Some(Model::Container),
        "tree",
        &[way(&[&calls::DATABASE]), way(&[&calls::CONTENT_SEARCH])],
    ),
    stream(
        "confluence.whiteboard",
        "whiteboards",
        F::Tree,
        None,
        "tree",
        &[way(&[&calls::CONTENT_SEARCH, &calls::WHITEBOARD])],
    ),
    stream(
        "confluence.embed",
        "smart links in the tree",
        F::Tree,
        None,
        "tree",
        &[way(&[&calls::CONTENT_SEARCH, &calls::EMBED])],
    ),
    stream(
        "confluence.comment",
        "comments",
        F::Comments,
        Some(Model::Comment),
        "comments",
        &[
            way(&[&calls::FOOTER_COMMENTS, &calls::INLINE_COMMENTS]),
            lesser(&[&calls::CONTENT_SEARCH], "comments on archived pages"),
        ],
    ),
    stream(
        "confluence.attachment",
        "attachments",
        F::Attachments,
        Some(Model::Attachment),
        "attachments",
        &[
            way(&[&calls::ATTACHMENTS, &calls::ATTACHMENT_CONTENT]),
            lesser(&[&calls::ATTACHMENTS], "the content of attached files"),
            lesser(&[&calls::CONTENT_SEARCH, &calls::ATTACHMENT_CONTENT], "files on archived pages"),
            lesser(&[&calls::CONTENT_SEARCH], "files on archived pages, and the content of attached files"),
        ],
    ),
    // Nothing lists the people of a site: they are met in content, and in groups.
    stream(
        "confluence.user",
        "people",
        F::People,
        Some(Model::User),
        "people",
        &[
            way(&[&calls::GROUPS, &calls::GROUP_MEMBERS, &calls::USER_BULK]),
            lesser(&[&calls::USER_BULK], "people who wrote nothing"),
            lesser(&[&calls::GROUPS, &calls::GROUP_MEMBERS], "people who are in no group"),
        ],
    ),
    stream(
        "confluence.group",
        "groups and their members",
        F::Groups,
        Some(Model::Group),
        "groups",
        &[way(&[&calls::GROUPS, &calls::GROUP_MEMBERS])],
    ),
    stream(
        "confluence.spacepermission",
        "permissions of spaces",
        F::Permissions,
        None,
        "spaces",
        &[way(&[&calls::SPACE_PERMISSIONS])],
    ),
    stream(
        "confluence.restriction",
        "restrictions of content",
        F::Restrictions,
        None,
        "restrictions",
        &[
            way(&[&calls::CONTENT_SEARCH, &calls::CONTENT_RESTRICTIONS_BY_OPERATION]),
            lesser(
                &[&calls::CONTENT_SEARCH],
                "restrictions of archived content, and the ends of very long lists of people or groups: what they guard \
                 stays hidden from whoever stands there",
            ),
        ],
    ),
    stream(
        "confluence.auditrecord",
        "audit records",
        F::Audit,
        None,
        "audit",
        &[way(&[&calls::AUDIT_RECORDS])],
    ),
    listed(
        "confluence.auditretention",
        "retention of audit records",
        F::Audit,
        &[way(&[&calls::AUDIT_RETENTION])],
        site("/wiki/rest/api/audit/retention").id(Identity::Whole("retention")),
    ),
    listed(
        "confluence.label",
        "labels",
        F::Articles,
        &[way(&[&calls::LABELS])],
        site("/wiki/api/v2/labels?label-id={id}"),
    ),
    listed(
        "confluence.contentlabel",
        "labels on the content of spaces",
        F::Spaces,
        &[way(&[&calls::SPACE_CONTENT_LABELS])],
        each("confluence.space", SPACE, "/wiki/api/v2/spaces/{id}/content/labels").id(Identity::Within("id")),
    ),
    listed(
        "confluence.spacelabel",
        "labels of spaces",
        F::Spaces,
        &[way(&[&calls::SPACE_LABELS])],
        each("confluence.space", SPACE, "/wiki/api/v2/spaces/{id}/labels").id(Identity::Within("id")),
    ),
    listed(
        "confluence.spaceproperty",
        "properties of spaces",
        F::Spaces,
        &[way(&[&calls::SPACE_PROPERTIES])],
        each("confluence.space", &[("space-id", Bind::Id)], "/wiki/api/v2/spaces/{space-id}/properties/{id}")
            .id(Identity::Within("id")),
    ),
    listed(
        "confluence.spacesettings",
        "settings of spaces",
        F::Spaces,
        &[way(&[&calls::SPACE_SETTINGS])],
        each("confluence.space", SPACE_KEY, "/wiki/rest/api/space/{spaceKey}/settings")
            .id(Identity::Whole("settings")),
    ),
    listed(
        "confluence.spacestate",
        "states that content of spaces can have",
        F::Spaces,
        &[way(&[&calls::SPACE_STATES])],
        each("confluence.space", SPACE_KEY, "/wiki/rest/api/space/{spaceKey}/state")
            .id(Identity::Within("id")),
    ),
    on_demand(
        "confluence.statecontent",
        "content of spaces by state",
        F::Spaces,
        &[way(&[&calls::SPACE_CONTENT_STATES])],
        each("confluence.space", SPACE_KEY, "/wiki/rest/api/space/{spaceKey}/state/content")
            .question(Question::Query("state-id"))
            .id(Identity::Within("id")),
    ),
    on_demand(
        "confluence.contentstate",
        "states of content",
        F::Spaces,
        &[way(&[&calls::CONTENT_STATE])],
        each("confluence.page", &[("id", Bind::Id)], "/wiki/rest/api/content/{id}/state")
            .id(Identity::Whole("state")),
    ),
    listed(
        "confluence.spacerole",
        "roles of spaces",
        F::Permissions,
        &[way(&[&calls::SPACE_ROLES])],
        site("/wiki/api/v2/space-roles/{id}"),
    ),
    listed(
        "confluence.spaceroleassignment",
        "people in roles of spaces",
        F::Permissions,
        &[way(&[&calls::SPACE_ROLE_ASSIGNMENTS])],
        each("confluence.space", SPACE, "/wiki/api/v2/spaces/{id}/role-assignments")
            .id(Identity::Pair("roleId", "principal")),
    ),
    listed(
        "confluence.spacerolemode",
        "whether spaces go by roles",
        F::Permissions,
        &[way(&[&calls::SPACE_ROLE_MODE])],
        site("/wiki/api/v2/space-role-mode").id(Identity::Whole("space-role-mode")),
    ),
    listed(
        "confluence.classificationlevel",
        "classification levels",
        F::Spaces,
        &[way(&[&calls::CLASSIFICATION_LEVELS])],
        site("/wiki/api/v2/classification-levels"),
    ),
    listed(
        "confluence.systeminfo",
        "what the site says of itself",
        F::Spaces,
        &[way(&[&calls::SYSTEM_INFO])],
        site("/wiki/rest/api/settings/systemInfo").id(Identity::Whole("systemInfo")),
    ),
    listed(
        "confluence.template",
        "templates of pages",
        F::Templates,
        &[way(&[&calls::TEMPLATES])],
        site("/wiki/rest/api/template/{id}").id(Identity::Member("templateId")),
    ),
    listed(
        "confluence.blueprint",
        "templates of apps",
        F::Templates,
        &[way(&[&calls::BLUEPRINTS])],
        site("/wiki/rest/api/template/{id}").id(Identity::Member("templateId")),
    ),
    listed(
        "confluence.task",
        "tasks in pages",
        F::Tasks,
        &[way(&[&calls::TASKS])],
        site("/wiki/api/v2/tasks/{id}").query(&[("body-format", "storage")]),
    ),
    listed(
        "confluence.customcontent",
        "custom content",
        F::CustomContent,
        &[way(&[&calls::CUSTOM_CONTENT])],
        Listing {
            per: Per::Setting("type", SettingWords::CustomContentTypes),
            question: None,
            query: &[("body-format", "raw")],
            id: Identity::Member("id"),
            path: "/wiki/api/v2/custom-content/{id}",
        },
    ),
    on_demand(
        "confluence.customcontentproperty",
        "properties of custom content",
        F::CustomContent,
        &[way(&[&calls::CUSTOM_CONTENT_PROPERTIES])],
        each(
            "confluence.customcontent",
            &[("custom-content-id", Bind::Id)],
            "/wiki/api/v2/custom-content/{custom-content-id}/properties/{id}",
        )
        .id(Identity::Within("id")),
    ),
    on_demand(
        "confluence.pageproperty",
        "properties of pages",
        F::Properties,
        &[way(&[&calls::PAGE_PROPERTIES])],
        each("confluence.page", &[("page-id", Bind::Id)], "/wiki/api/v2/pages/{page-id}/properties/{id}")
            .id(Identity::Within("id")),
    ),
    on_demand(
        "confluence.blogpostproperty",
        "properties of blog posts",
        F::Properties,
        &[way(&[&calls::BLOGPOST_PROPERTIES])],
        each(
            "confluence.blogpost",
            &[("blogpost-id", Bind::Id)],
            "/wiki/api/v2/blogposts/{blogpost-id}/properties/{id}",
        )
        .id(Identity::Within("id")),
    ),
    on_demand(
        "confluence.commentproperty",
        "properties of comments",
        F::Properties,
        &[way(&[&calls::COMMENT_PROPERTIES])],
        each(
            "confluence.comment",
            &[("comment-id", Bind::Id)],
            "/wiki/api/v2/comments/{comment-id}/properties/{id}",
        )
        .id(Identity::Within("id")),
    ),
    on_demand(
        "confluence.attachmentproperty",
        "properties of attachments",
        F::Attachments,
        &[way(&[&calls::ATTACHMENT_PROPERTIES])],
        each(
            "confluence.attachment",
            &[("attachment-id", Bind::Id)],
            "/wiki/api/v2/attachments/{attachment-id}/properties/{id}",
        )
        .id(Identity::Within("id")),
    ),
    on_demand(
        "confluence.attachmentversion",
        "versions of attachments",
        F::Attachments,
        &[way(&[&calls::ATTACHMENT_VERSIONS])],
        each("confluence.attachment", &[("id", Bind::Id)], "/wiki/api/v2/attachments/{id}/versions")
            .id(Identity::Within("number")),
    ),
    on_demand(
        "confluence.contentviews",
        "how often content was looked at",
        F::Analytics,
        &[way(&[&calls::CONTENT_VIEWS])],
        each(
            "confluence.page",
            &[("contentId", Bind::Id)],
            "/wiki/rest/api/analytics/content/{contentId}/views",
        )
        .id(Identity::Whole("views")),
    ),
    action(
        "confluence.page-writing",
        "creating and editing pages",
        F::WriteArticles,
        &[way(&[&calls::PAGE_CREATE, &calls::PAGE_EDIT])],
    ),
    action(
        "confluence.comment-writing",
        "commenting on pages",
        F::WriteComments,
        &[way(&[&calls::FOOTER_COMMENT_ADD])],
    ),
];

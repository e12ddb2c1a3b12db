// The unmodified `jira.js` and `confluence.js` clients take the sandbox for Atlassian Cloud. They check every answer
// against their own schemas and throw where one does not fit. Prints what they read as one JSON line. The test copies this
// file beside the folder with the clients.

import { createV2Client } from "confluence.js";
import { createCloudClient } from "jira.js";

const values = JSON.parse(process.argv[2]);
const settings = {
  host: values.origin,
  auth: { type: "basic", email: values.email, apiToken: values.api_token },
  onSchemaMismatch: "throw",
};
const jira = createCloudClient(settings);

const projects = [];
for (let startAt = 0; ; ) {
  const page = await jira.projects.searchProjects({ startAt, maxResults: 2 });
  projects.push(...page.values);
  startAt += page.values.length;
  if (page.isLast) break;
}

const keys = new Set();
let commented;
for (let nextPageToken; ; ) {
  const page = await jira.issueSearch.searchAndReconsileIssuesUsingJql({
    jql: "created >= -20000d ORDER BY created ASC", maxResults: 50, fields: ["summary", "comment"], nextPageToken,
  });
  for (const issue of page.issues) {
    keys.add(issue.key);
    if (!commented && issue.fields.comment?.total > 0) commented = issue;
  }
  nextPageToken = page.nextPageToken;
  if (!nextPageToken) break;
}

const issue = await jira.issues.getIssue({ issueIdOrKey: commented.key });
const comments = await jira.issueComments.getComments({ issueIdOrKey: commented.key });
if (comments.total !== commented.fields.comment.total) throw new Error("comment totals differ");

const confluence = createV2Client(settings);

// Follows cursors to the end.
async function all(list, query) {
  const found = [];
  for (let cursor; ; ) {
    const page = await list({ ...query, cursor });
    found.push(...page.results);
    const next = page._links?.next;
    if (!next) return found;
    cursor = new URL(next, values.origin).searchParams.get("cursor");
  }
}

const spaces = await all((query) => confluence.space.getSpaces(query), { limit: 2 });
const pages = await all((query) => confluence.page.getPages(query), { limit: 25, bodyFormat: "storage" });
const page = await confluence.page.getPageById({ id: pages[0].id, bodyFormat: "storage" });
if (!page.body.storage.value) throw new Error("a page without a body");

console.log(JSON.stringify({
  projects: projects.length, issues: keys.size, key: issue.key, spaces: spaces.length, pages: pages.length,
}));

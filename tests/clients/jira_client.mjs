// The unmodified `jira.js` and `confluence.js` clients take the sandbox for Atlassian Cloud. Prints what they read as
// one JSON line; any surprise is an exception. The test copies it beside the folder with the clients.

import { Version3Client } from "jira.js";

const values = JSON.parse(process.argv[2]);

const client = new Version3Client({
  host: values.origin,
  authentication: { basic: { email: values.email, apiToken: values.api_token } },
});

const projects = [];
for (let startAt = 0; ; ) {
  const page = await client.projects.searchProjects({ startAt, maxResults: 50 });
  projects.push(...page.values);
  startAt += page.values.length;
  if (page.isLast) break;
}

const keys = new Set();
let commented;
for (let nextPageToken; ; ) {
  const page = await client.issueSearch.searchForIssuesUsingJqlEnhancedSearch({
    jql: "created >= -20000d ORDER BY created ASC", maxResults: 100, fields: ["summary", "comment"], nextPageToken,
  });
  for (const issue of page.issues) {
    keys.add(issue.key);
    if (!commented && issue.fields.comment?.total > 0) commented = issue;
  }
  nextPageToken = page.nextPageToken;
  if (!nextPageToken) break;
}

const issue = await client.issues.getIssue({ issueIdOrKey: commented.key });
const comments = await client.issueComments.getComments({ issueIdOrKey: commented.key });
if (comments.total !== commented.fields.comment.total) throw new Error("comment totals differ");

console.log(JSON.stringify({ projects: projects.length, issues: keys.size, key: issue.key }));

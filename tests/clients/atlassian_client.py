"""The unmodified `atlassian-python-api` client takes the sandbox for Atlassian Cloud. Prints what it read as one JSON
line; any surprise is an exception."""

import json
import sys

from atlassian import Confluence, Jira

arguments = json.loads(sys.argv[1])
origin = arguments["origin"]

jira = Jira(url=origin, username=arguments["email"], password=arguments["api_token"], cloud=True)
projects = jira.projects()
keys, token = set(), None
while True:
    page = jira.enhanced_jql("created >= -20000d ORDER BY created ASC", fields=["summary"], nextPageToken=token, limit=50)
    keys.update(issue["key"] for issue in page["issues"])
    token = page.get("nextPageToken")
    if token is None:
        break
first = jira.issue(next(iter(keys)))
comments = jira.issue_get_comments(first["key"])

confluence = Confluence(url=f"{origin}/wiki", username=arguments["email"], password=arguments["api_token"], cloud=True)
spaces = list(confluence.get_all_spaces(start=0, limit=25))
pages = set()
for space in spaces:
    start = 0
    while True:
        batch = list(confluence.get_all_pages_from_space(space["key"], start=start, limit=50))
        pages.update(page["id"] for page in batch)
        start += len(batch)
        if len(batch) < 50:
            break
body = confluence.get_page_by_id(next(iter(pages)), expand="body.storage,version,space")
assert "value" in body["body"]["storage"]

print(json.dumps({
    "projects": len(projects),
    "issues": len(keys),
    "comments_of_first": comments["total"],
    "spaces": len(spaces),
    "pages": len(pages),
}))

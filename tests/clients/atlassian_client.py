"""The unmodified `atlassian-python-api` client takes the sandbox for Atlassian Cloud. Prints what it read as one JSON
line; any surprise is an exception."""

import json
import sys

from atlassian import Confluence, ConfluenceV2, Jira

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

# The second generation follows cursors by itself; the first one pages by offset, as old programs do.
confluence = ConfluenceV2(url=f"{origin}/wiki", username=arguments["email"], password=arguments["api_token"])
spaces = list(confluence.get_spaces(limit=1))
pages = {page["id"]: page for page in confluence.get_pages(limit=25)}
body = confluence.get_page_by_id(next(iter(pages)), body_format="storage")
assert "value" in body["body"]["storage"]

old = Confluence(url=f"{origin}/wiki", username=arguments["email"], password=arguments["api_token"], cloud=False)
old_spaces = old.get_all_spaces(start=0, limit=25)["results"]
old_pages = {page["id"] for space in old_spaces for page in old.get_all_pages_from_space_as_generator(space["key"], limit=10)}
assert len(old_spaces) == len(spaces), (len(old_spaces), len(spaces))
assert old_pages == set(pages), old_pages ^ set(pages)

print(json.dumps({
    "projects": len(projects),
    "issues": len(keys),
    "comments_of_first": comments["total"],
    "spaces": len(spaces),
    "pages": len(pages),
}))

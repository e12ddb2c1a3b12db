"""The unmodified `jira` client takes the sandbox for Jira Cloud: over the gateway with a bearer token, and on the site
host with an API token. Prints what it read as one JSON line; any surprise is an exception."""

import json
import sys

from jira import JIRA

arguments = json.loads(sys.argv[1])
gateway = f"{arguments['origin']}/ex/jira/{arguments['cloud_id']}"

answers = {}
for name, client in {
    "gateway": JIRA(server=gateway, token_auth=arguments["access_token"], options={"rest_api_version": "3"}),
    "site": JIRA(server=arguments["origin"], basic_auth=(arguments["email"], arguments["api_token"])),
}.items():
    projects = client.projects()
    # maxResults=False makes the client page to the end by itself.
    issues = client.enhanced_search_issues("created >= -20000d ORDER BY created ASC", maxResults=False, fields="summary,comment")
    commented = next(issue for issue in issues if issue.fields.comment.total > 0)
    whole = client.issue(commented.key)
    comments = client.comments(commented.key)
    assert whole.fields.summary == commented.fields.summary
    assert len(comments) == commented.fields.comment.total
    answers[name] = {
        "projects": len(projects),
        "issues": len(issues),
        "distinct": len({issue.id for issue in issues}),
        "me": client.myself()["accountId"],
    }
print(json.dumps(answers))

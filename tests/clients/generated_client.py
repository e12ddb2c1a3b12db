"""A client generated from our own OpenAPI document lists and retrieves every model to exhaustion, and each reply has
exactly the types that the wire promises. Prints the number of records of each model as one JSON line."""

import importlib
import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

arguments = json.loads(sys.argv[1])
base, key, tokens = arguments["base_url"], arguments["api_key"], arguments["account_tokens"]
folder = Path(arguments["folder"])

document = folder / "openapi.json"
document.write_bytes(urllib.request.urlopen(f"{base}/openapi.json").read())
subprocess.run(
    [Path(sys.executable).parent / "openapi-python-client", "generate", "--path", document, "--meta", "none",
     "--output-path", folder / "generated", "--overwrite"],
    check=True, stdout=sys.stderr, cwd=folder,
)
sys.path.insert(0, str(folder))
client = importlib.import_module("generated").AuthenticatedClient(base_url=base, token=key, raise_on_unexpected_status=True)

# What the wire promises of each member: its JSON type, with `?` where null is allowed.
COMMON = {
    "id": "uuid", "remote_id": "string?", "created_at": "time", "modified_at": "time", "remote_was_deleted": "boolean",
    "field_mappings": "object?", "remote_data": "array?",
}
WIRE = {
    ("ticketing", "tickets"): {
        "name": "string?", "assignees": "ids", "assigned_teams": "ids", "creator": "uuid?", "due_date": "time?",
        "status": "string?", "description": "string?", "collections": "ids", "ticket_type": "string?", "account": "uuid?",
        "contact": "uuid?", "parent_ticket": "uuid?", "attachments": "ids", "access_level": "string?",
        "permissions": "objects", "tags": "strings", "roles": "ids", "ticket_url": "string?", "priority": "string?",
        "remote_created_at": "time?", "remote_updated_at": "time?", "completed_at": "time?", "remote_fields": "objects",
    },
    ("ticketing", "comments"): {
        "user": "uuid?", "contact": "uuid?", "body": "string?", "html_body": "string?", "ticket": "uuid?",
        "is_private": "boolean?", "remote_created_at": "time?",
    },
    ("ticketing", "attachments"): {
        "file_name": "string?", "ticket": "uuid?", "file_url": "string?", "content_type": "string?", "uploaded_by": "uuid?",
        "remote_created_at": "time?",
    },
    ("ticketing", "collections"): {
        "name": "string?", "description": "string?", "access_level": "string?", "collection_type": "string?",
        "parent_collection": "uuid?", "permissions": "objects", "collection_url": "string?", "remote_created_at": "time?",
        "remote_updated_at": "time?",
    },
    ("ticketing", "projects"): {"name": "string?", "description": "string?"},
    ("ticketing", "roles"): {"name": "string?", "ticket_actions": "array?", "ticket_access": "string?"},
    ("ticketing", "tags"): {"name": "string?"},
    ("ticketing", "teams"): {"name": "string?", "description": "string?"},
    ("ticketing", "users"): {
        "name": "string?", "email_address": "string?", "is_active": "boolean?", "teams": "ids", "roles": "ids",
        "avatar": "string?",
    },
    ("knowledgebase", "articles"): {
        "title": "string?", "description": "string?", "author": "uuid?", "last_edited_by": "uuid?", "visibility": "string?",
        "article_content_download_url": "string?", "checksum": "string?", "article_url": "string?", "status": "string?",
        "type": "string?", "remote_created_at": "time?", "remote_updated_at": "time?", "parent_article": "uuid?",
        "parent_container": "uuid?", "root_container": "uuid?", "permissions": "ids", "attachments": "ids",
    },
    ("knowledgebase", "containers"): {
        "name": "string?", "description": "string?", "status": "string?", "container_url": "string?", "type": "string?",
        "visibility": "string?", "remote_created_at": "time?", "remote_updated_at": "time?", "parent_article": "uuid?",
        "parent_container": "uuid?", "permissions": "ids",
    },
    ("knowledgebase", "attachments"): {"name": "string?", "description": "string?", "attachment_url": "string?"},
    ("knowledgebase", "groups"): {"name": "string?", "parent_group": "uuid?", "users": "ids"},
    ("knowledgebase", "users"): {"name": "string?", "email_address": "string?"},
}
VIEWER = {
    "id": "uuid", "remote_id": "string?", "created_at": "time", "modified_at": "time", "team": "uuid?", "user": "uuid?",
}

UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def is_of(value, kind):
    if kind.endswith("?"):
        return value is None or is_of(value, kind[:-1])
    if kind == "uuid":
        return isinstance(value, str) and UUID.fullmatch(value) is not None
    if kind == "time":
        return isinstance(value, str) and TIME.fullmatch(value) is not None
    if kind in ("ids", "strings", "objects", "array"):
        item = {"ids": "uuid", "strings": "string", "objects": "object"}.get(kind)
        return isinstance(value, list) and all(item is None or is_of(entry, item) for entry in value)
    return isinstance(value, {"string": str, "boolean": bool, "object": dict}[kind])


def check(record, shape, where):
    assert set(record) == set(shape), f"{where}: members differ: {sorted(set(record) ^ set(shape))}"
    for name, kind in shape.items():
        assert is_of(record[name], kind), f"{where}.{name}: {record[name]!r} is no {kind}"


def call(module, token, *path, **query):
    operation = importlib.import_module(f"generated.api.{module}")
    reply = operation.sync_detailed(*path, client=client, x_account_token=token, **query)
    assert reply.status_code == 200, reply
    assert reply.parsed is not None, reply
    # The generated model must give back what the server sent: nothing lost, nothing made up.
    sent = json.loads(reply.content)
    assert set(reply.parsed.to_dict()) == set(sent), module
    return sent


def exhaust(module, token, *path, **query):
    seen, cursor = [], None
    while True:
        page = call(module, token, *path, **query, **({"cursor": cursor} if cursor else {}))
        assert set(page) == {"next", "previous", "results"}
        seen += page["results"]
        cursor = page["next"]
        if cursor is None:
            return seen


counts = {}
for (category, plural), shape in WIRE.items():
    token = tokens["jira" if category == "ticketing" else "confluence"]
    records = exhaust(f"{category}.{category}_{plural}_list", token, page_size=100)
    ids = {record["id"] for record in records}
    assert len(ids) == len(records), f"{plural}: a record came twice"
    for record in records:
        check(record, COMMON | shape, plural)
    for record in records[:5] + records[-5:]:
        again = call(f"{category}.{category}_{plural}_retrieve", token, record["id"])
        again.pop("article_content_download_url", None)
        first = {name: value for name, value in record.items() if name != "article_content_download_url"}
        assert again == first, f"{plural}: retrieved record differs"
    with_data = call(f"{category}.{category}_{plural}_list", token, page_size=3, include_remote_data=True)["results"]
    for record in with_data:
        assert isinstance(record["remote_data"], list)
        if plural not in ("tags",):
            assert record["remote_data"] and set(record["remote_data"][0]) == {"path", "data"}, plural
    counts[f"{category}.{plural}"] = len(records)
    if plural in ("tickets", "collections"):
        for record in records[:10]:
            viewers = exhaust(f"{category}.{category}_{plural}_viewers_list", token, record["id"], page_size=10)
            for viewer in viewers:
                check(viewer, VIEWER, "viewers")
                assert (viewer["team"] is None) != (viewer["user"] is None)
            counts["ticketing.viewers"] = counts.get("ticketing.viewers", 0) + len(viewers)
print(json.dumps(counts))

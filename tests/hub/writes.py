"""What the Hub stand-in does for those who change something: repositories, LFS objects, commits and tags."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import cast

import yaml

from tests.hub.protocol import FILES, REPO, TOKEN, Answer, Call, HubStandIn, route
from tests.hub.state import LFS_SUFFIXES, Blob, RefusedError, Repository


@route("POST", "/api/repos/create")
def create(hub: HubStandIn, call: Call) -> Answer:
    if call.headers.get("authorization") != f"Bearer {TOKEN}":
        raise RefusedError(401, "Invalid credentials in Authorization header")
    wanted = call.json()
    kind, name = str(wanted.get("type", "model")), f"{wanted['organization']}/{wanted['name']}"
    url = f"{hub.url}/{'datasets/' if kind == 'dataset' else ''}{name}"
    if (kind, name) in hub.repositories:
        return Answer({"error": "You already created this repo", "url": url}, 409)
    hub.repositories[kind, name] = Repository(name, kind, private=wanted.get("visibility") == "private")
    return Answer({"url": url, "name": name, "id": name})


@route("PUT", REPO + "/settings")
def settings(hub: HubStandIn, call: Call) -> Answer:
    repository, wanted = hub.repository(call), call.json()
    if "gated" in wanted:
        repository.gated = cast("str | bool", wanted["gated"])
    if "visibility" in wanted:
        repository.private = wanted["visibility"] == "private"
    return Answer({})


@route("POST", "/api/validate-yaml")
def validate_yaml(hub: HubStandIn, call: Call) -> Answer:
    del hub
    content = str(call.json()["content"])
    found = re.match(r"---\n(.*?)\n---\n", content, re.DOTALL)
    if found is None:
        return Answer({"errors": [], "warnings": [{"message": "empty or missing yaml metadata in repo card"}]})
    try:
        front = yaml.safe_load(found.group(1))
    except yaml.YAMLError as error:
        return Answer({"errors": [{"message": str(error)}], "warnings": []}, 400)
    configs = front.get("configs", [])
    unnamed = [config for config in configs if "config_name" not in config]
    errors = [{"message": '"configs[].config_name" is required'}] if unnamed else []
    return Answer({"errors": errors, "warnings": []}, 400 if errors else 200)


@route("POST", REPO + r"/preupload/(?P<revision>[^/]+)")
def preupload(hub: HubStandIn, call: Call) -> Answer:
    commit = hub.repository(call).resolve(call.revision)
    files = []
    for wanted in cast("list[dict[str, object]]", call.json()["files"]):
        path = str(wanted["path"])
        there = commit.tree.get(path)
        oid = None if there is None else there.sha256 if there.lfs else there.oid
        mode = "lfs" if path.endswith(LFS_SUFFIXES) else "regular"
        files.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
    return Answer({"files": files})


@route("POST", FILES + r"\.git/info/lfs/objects/batch")
def lfs_batch(hub: HubStandIn, call: Call) -> Answer:
    hub.repository(call)
    objects = []
    for wanted in cast("list[dict[str, object]]", call.json()["objects"]):
        value = {"oid": wanted["oid"], "size": wanted["size"]}
        if wanted["oid"] not in hub.objects:
            upload = {"href": f"{hub.url}/lfs/upload/{wanted['oid']}"}
            value["actions"] = {"upload": upload, "verify": {"href": f"{hub.url}/lfs/verify"}}
        objects.append(value)
    return Answer({"transfer": "basic", "objects": objects})


@route("PUT", r"/lfs/upload/(?P<oid>[0-9a-f]{64})")
def lfs_upload(hub: HubStandIn, call: Call) -> Answer:
    if hashlib.sha256(call.body).hexdigest() != call.parts["oid"]:
        raise RefusedError(400, "The content does not have the digest that it was announced with")
    hub.objects[call.parts["oid"]] = call.body
    return Answer({}, headers={"ETag": f'"{call.parts["oid"]}"'})


@route("POST", "/lfs/verify")
def lfs_verify(hub: HubStandIn, call: Call) -> Answer:
    stored = hub.objects.get(str(call.json()["oid"]))
    if stored is None or len(stored) != call.json()["size"]:
        raise RefusedError(422, "The object is not there")
    return Answer({})


@route("POST", REPO + r"/commit/(?P<revision>[^/]+)")
def commit(hub: HubStandIn, call: Call) -> Answer:
    repository = hub.repository(call)
    lines = [json.loads(line) for line in call.body.splitlines()]
    header = lines[0]["value"]
    parent = repository.resolve(header.get("parentCommit", "main"))
    pull = "create_pr" in call.query
    if not pull and parent.sha != repository.head.sha:
        raise RefusedError(412, "A commit has happened since. Please refresh and try again.")
    files = dict(parent.tree)
    for line in lines[1:]:
        value = line["value"]
        match line["key"]:
            case "file":
                files[value["path"]] = Blob(base64.b64decode(value["content"]), lfs=False)
            case "lfsFile":
                if value["oid"] not in hub.objects:
                    raise RefusedError(400, f"The LFS object {value['oid']} was not uploaded")
                files[value["path"]] = Blob(hub.objects[value["oid"]], lfs=True)
            case "deletedFile":
                files.pop(value["path"])
    sha = repository.record(parent.sha, header["summary"], header["description"], files)
    url = f"{hub.url}/{repository.kind}s/{repository.id}"
    value = {"success": True, "commitOid": sha, "commitUrl": f"{url}/commit/{sha}"}
    if not pull:
        repository.branches["main"] = sha
        return Answer(value)
    number = len(repository.pulls) + 1
    repository.pulls[number] = sha
    return Answer(value | {"pullRequestUrl": f"{url}/discussions/{number}"})


@route("POST", REPO + r"/tag/(?P<revision>[^/]+)")
def tag(hub: HubStandIn, call: Call) -> Answer:
    repository, wanted = hub.repository(call), call.json()
    name = str(wanted["tag"])
    if name in repository.tags:
        raise RefusedError(409, "Tag reference exists already")
    repository.tags[name] = repository.resolve(call.revision).sha
    repository.tag_messages[name] = str(wanted.get("message", ""))
    return Answer({})

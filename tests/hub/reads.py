"""What the Hub stand-in answers to those who look: information, refs, trees and downloads."""

from __future__ import annotations

import hashlib
from typing import Final
from urllib.parse import parse_qs, quote, unquote

from tests.hub.protocol import FILES, REPO, Answer, Call, HubStandIn, route
from tests.hub.state import DATE, START, Commit, RefusedError

PAGE: Final = 3


@route("GET", REPO + r"(?:/revision/(?P<revision>[^/]+))?")
def info(hub: HubStandIn, call: Call) -> Answer:
    repository = hub.repository(call)
    commit = repository.resolve(unquote(call.parts["revision"] or "main"))
    siblings = []
    for path, blob in sorted(commit.tree.items()):
        lfs = {"sha256": blob.sha256, "size": len(blob.content), "pointerSize": len(blob.pointer)}
        siblings.append({"rfilename": path, "size": len(blob.content), "blobId": blob.oid, "lfs": blob.lfs and lfs})
    return Answer(
        {
            "_id": "standin",
            "id": repository.id,
            "sha": commit.sha,
            "private": repository.private,
            "gated": repository.gated,
            "disabled": False,
            "tags": [],
            "lastModified": DATE,
            "createdAt": DATE,
            "downloads": 0,
            "likes": 0,
            "siblings": siblings,
        }
    )


@route("GET", REPO + "/refs")
def refs(hub: HubStandIn, call: Call) -> Answer:
    repository = hub.repository(call)

    def listed(names: dict[str, str], prefix: str) -> list[dict[str, str]]:
        return [{"name": name, "ref": f"{prefix}{name}", "targetCommit": sha} for name, sha in names.items()]

    pulls = {str(number): sha for number, sha in repository.pulls.items()}
    value = {
        "branches": listed(repository.branches, "refs/heads/"),
        "tags": listed(repository.tags, "refs/tags/"),
        "converts": [],
    }
    return Answer(value | ({"pullRequests": listed(pulls, "refs/pr/")} if "include_prs" in call.query else {}))


@route("GET", REPO + r"/commits/(?P<revision>[^/]+)")
def commits(hub: HubStandIn, call: Call) -> Answer:
    repository = hub.repository(call)
    commit: Commit | None = repository.resolve(call.revision)
    listed = []
    while commit is not None:
        listed.append(
            {"id": commit.sha, "title": commit.title, "message": commit.description, "authors": [], "date": DATE}
        )
        commit = repository.commits.get(commit.parent)
    return Answer(listed)


@route("GET", REPO + r"/tree/(?P<revision>[^/]+)(?:/(?P<folder>.+))?")
def tree(hub: HubStandIn, call: Call) -> Answer:
    commit = hub.repository(call).resolve(call.revision)
    folder = unquote(call.parts["folder"] or "")
    prefix = f"{folder}/" if folder else ""
    recursive = call.query.get("recursive", ["false"])[0].lower() in {"true", "1"}
    entries: dict[str, dict[str, object]] = {}
    for path, blob in sorted(commit.tree.items()):
        if not path.startswith(prefix):
            continue
        rest = path.removeprefix(prefix).split("/")
        for depth in range(1, len(rest) if recursive else min(2, len(rest))):
            parent = prefix + "/".join(rest[:depth])
            oid = hashlib.sha1(parent.encode(), usedforsecurity=False).hexdigest()
            entries.setdefault(parent, {"type": "directory", "path": parent, "oid": oid, "size": 0})
        if recursive or len(rest) == 1:
            entries[path] = blob.entry(path)
    if prefix and not entries:
        raise RefusedError(404, f"{folder} does not exist", "EntryNotFound")
    start = int(call.query.get("cursor", ["0"])[0])
    answer = Answer(list(entries.values())[start : start + PAGE])
    if start + PAGE < len(entries):
        link = f"{hub.url}{quote(call.path, safe='/%')}?recursive={recursive}&cursor={start + PAGE}"
        answer.headers["Link"] = f'<{link}>; rel="next"'
    return answer


@route("POST", REPO + r"/paths-info/(?P<revision>[^/]+)")
def paths_info(hub: HubStandIn, call: Call) -> Answer:
    commit = hub.repository(call).resolve(call.revision)
    found = []
    for path in parse_qs(call.body.decode()).get("paths", []):
        if path in commit.tree:
            found.append(commit.tree[path].entry(path))
        elif any(name.startswith(f"{path}/") for name in commit.tree):
            found.append({"type": "directory", "path": path, "oid": START, "size": 0})
    return Answer(found)


@route("GET HEAD", FILES + r"/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
def resolve(hub: HubStandIn, call: Call) -> Answer:
    found, blob = hub.repository(call).file(call.revision, unquote(call.parts["path"]))
    headers = {"X-Repo-Commit": found.sha, "ETag": f'"{blob.oid}"'}
    if not blob.lfs:
        return Answer(blob.content, headers=headers)
    headers |= {"X-Linked-ETag": f'"{blob.sha256}"', "X-Linked-Size": str(len(blob.content))}
    hub.objects[blob.sha256] = blob.content
    return Answer(b"", 302, {**headers, "Location": f"{hub.cdn}/lfs/content/{blob.sha256}"})


@route("GET HEAD", r"/lfs/content/(?P<oid>[0-9a-f]{64})")
def lfs_content(hub: HubStandIn, call: Call) -> Answer:
    return Answer(hub.objects[call.parts["oid"]], headers={"ETag": f'"{call.parts["oid"]}"'})

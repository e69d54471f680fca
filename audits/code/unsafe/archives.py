"""Archives whose members may be named `../../etc/passwd`."""

from __future__ import annotations

import ast
from typing import Final

from strigil.audits.code.unsafe.calling import Called
from strigil.audits.code.unsafe.values import Label
from strigil.audits.code.unsafe.weaknesses import ARCHIVE

# What an archive read with zipfile is called; zipfile leaves out of a member's name what leads outside.
ZIPS: Final = frozenset({"zipfile", "zip", "zf", "zip_ref", "zip_file", "zipf"})


def extraction(called: Called) -> str | None:
    """A call that extracts members which nobody looked at."""
    node = called.node
    if called.name == "shutil.unpack_archive":
        return None if "filter" in called.named else ARCHIVE
    if not isinstance(node.func, ast.Attribute) or called.last not in ("extract", "extractall"):
        return None
    if "filter" in called.named or called.scope.members_checked or _harmless(node.func.value, called):
        return None
    if called.last == "extractall":
        return None if _chosen(node, called) else ARCHIVE
    member = called.given(0, "member")
    of_archive = Label.ARCHIVE in called.receiver.labels
    return ARCHIVE if of_archive or (member is not None and Label.MEMBER in member.labels) else None


def _chosen(node: ast.Call, called: Called) -> bool:
    """Whether only some members are extracted, chosen by a function or a condition."""
    members = next((item.value for item in node.keywords if item.arg == "members"), None)
    if members is None and len(node.args) > 1:
        members = node.args[1]
    if not isinstance(members, ast.Call | ast.ListComp | ast.GeneratorExp):
        return False
    value = called.named.get("members") or called.positional[1]
    return Label.MEMBER not in value.labels


def _harmless(receiver: ast.expr, called: Called) -> bool:
    # pandas extracts from texts.
    texts = isinstance(receiver, ast.Attribute) and receiver.attr == "str"
    named = isinstance(receiver, ast.Name) and receiver.id in ZIPS and Label.ARCHIVE not in called.receiver.labels
    return texts or named or Label.ZIP in called.receiver.labels

"""All checks of insecure Python in one pass over a module."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Final

from strigil.audits.code.unsafe import archives, markup, requests, sql
from strigil.audits.code.unsafe.calls import called, called_with, handed_on
from strigil.audits.code.unsafe.expressions import Expressions
from strigil.audits.code.unsafe.flow import Flow
from strigil.audits.code.unsafe.hosts import host_check
from strigil.audits.code.unsafe.names import Names
from strigil.audits.code.unsafe.secrets import hard_coded, in_address
from strigil.audits.code.unsafe.settings import exposed, setting, writable, writable_by_name
from strigil.audits.code.unsafe.weaknesses import RUNS_SHELL, Unsafe

# What a piece of the tree shows by itself.
CHECKS: Final[tuple[Callable[[ast.AST, Names], str | None], ...]] = (
    called,
    handed_on,
    called_with,
    exposed,
    writable,
    hard_coded,
    in_address,
    setting,
    host_check,
    markup.escaping_off,
)
# What only shows by where a value comes from.
FLOW: Final = Flow(
    Expressions(
        sinks=(
            archives.extraction,
            markup.into_markup,
            markup.rendered,
            requests.address,
            requests.path,
            requests.upload,
            requests.weak_hash,
            writable_by_name,
        ),
        builders=(sql.statement,),
    ),
    returned=(markup.returned,),
)


def unsafe_parts(tree: ast.Module) -> list[Unsafe]:
    """Every unsafe piece, in the order of the code."""
    names = Names.imported_by(tree)
    scope = FLOW.walk(tree, names)
    found = [
        Unsafe(reason, node)
        for node in ast.walk(tree)
        if isinstance(node, ast.expr | ast.stmt)
        for check in CHECKS
        for reason in [check(node, names)]
        if reason and not (reason == RUNS_SHELL and node in scope.cleared)
    ]
    return sorted([*found, *scope.found], key=lambda item: (item.node.lineno, item.node.col_offset))

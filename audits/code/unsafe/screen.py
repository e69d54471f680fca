"""All checks of insecure Python in one pass over a module."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Final

from strigil.audits.code.source import nodes_of
from strigil.audits.code.unsafe import archives, markup, requests, sql
from strigil.audits.code.unsafe.calls import called, called_with, handed_on
from strigil.audits.code.unsafe.expressions import Expressions
from strigil.audits.code.unsafe.flow import Flow
from strigil.audits.code.unsafe.hosts import host_check
from strigil.audits.code.unsafe.names import Names
from strigil.audits.code.unsafe.scope import Scope
from strigil.audits.code.unsafe.secrets import hard_coded, in_address
from strigil.audits.code.unsafe.settings import exposed, setting, writable, writable_by_name
from strigil.audits.code.unsafe.signs import Signs, may_flow
from strigil.audits.code.unsafe.weaknesses import RUNS_SHELL, Unsafe

Check = Callable[[ast.AST, Names], str | None]
# What a piece of the tree shows by itself, by the kinds of pieces that it reads.
CHECKS: Final[dict[type[ast.AST], tuple[Check, ...]]] = {
    ast.Call: (called, handed_on, called_with, exposed, writable, hard_coded, host_check, markup.escaping_off),
    ast.Assign: (handed_on, hard_coded, setting, markup.escaping_off),
    ast.AnnAssign: (hard_coded,),
    ast.Dict: (hard_coded,),
    ast.Compare: (hard_coded, host_check),
    ast.Attribute: (setting,),
    ast.Constant: (in_address,),
}
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


def unsafe_parts(tree: ast.Module, code: str, signs: Signs) -> list[Unsafe]:
    """Every unsafe piece, in the order of the code; only what the signs speak of is looked for."""
    imports = "import" in code
    nodes = nodes_of(tree) if signs.alone or imports else []
    names = Names.imported_by(nodes if imports else ())
    scope = FLOW.walk(tree, names) if signs.flows and may_flow(code) else Scope(names)
    found = [
        Unsafe(reason, node)
        for node in (nodes if signs.alone else ())
        for check in CHECKS.get(type(node), ())
        for reason in [check(node, names)]
        if reason and isinstance(node, ast.expr | ast.stmt) and not (reason == RUNS_SHELL and node in scope.cleared)
    ]
    return sorted([*found, *scope.found], key=lambda item: (item.node.lineno, item.node.col_offset))

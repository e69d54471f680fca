"""Calls that are unsafe by what they are, or with these arguments."""

from __future__ import annotations

import ast
from typing import Final

from strigil.audits.code.unsafe.names import Names, is_constant, keywords, method
from strigil.audits.code.unsafe.weaknesses import (
    DEBUG,
    RUNS_CODE,
    RUNS_PROGRAM,
    RUNS_SHELL,
    SOCKET,
    TEMPORARY,
    UNPICKLES,
    UNVERIFIED,
    WEAK_CIPHER,
)

CALLS: Final[dict[str, str]] = {
    **dict.fromkeys(("eval", "exec", "builtins.eval", "builtins.exec", "code.InteractiveInterpreter"), RUNS_CODE),
    **dict.fromkeys(("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"), RUNS_SHELL),
    **dict.fromkeys(("asyncio.create_subprocess_shell", "pty.spawn", "commands.getoutput"), RUNS_SHELL),
    **dict.fromkeys((f"os.exec{form}" for form in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")), RUNS_PROGRAM),
    **{
        f"{library}.{name}": UNPICKLES
        for library in ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "marshal")
        for name in ("load", "loads", "Unpickler")
    },
    **dict.fromkeys(("shelve.open", "jsonpickle.decode", "yaml.unsafe_load", "yaml.full_load"), UNPICKLES),
    **dict.fromkeys(("pandas.read_pickle", "joblib.load", "yaml.unsafe_load_all"), UNPICKLES),
    **dict.fromkeys(("socket.socket", "socket.create_server", "socket.create_connection"), SOCKET),
    **dict.fromkeys(("tempfile.mktemp", "os.tmpnam", "os.tempnam"), TEMPORARY),
    **dict.fromkeys(("ssl._create_unverified_context", "ssl._create_stdlib_context"), UNVERIFIED),
    **dict.fromkeys(("Crypto.Cipher.DES.new", "Crypto.Cipher.ARC4.new", "Cryptodome.Cipher.DES.new"), WEAK_CIPHER),
}
SAFE_LOADERS: Final = ("SafeLoader", "CSafeLoader", "BaseLoader")


def called(node: ast.AST, names: Names) -> str | None:
    """A call that is unsafe whatever it is given."""
    return CALLS.get(names.of(node.func)) if isinstance(node, ast.Call) else None


def handed_on(node: ast.AST, names: Names) -> str | None:
    """One of these functions that is given to another, as in `map(eval, texts)`, or another name."""
    match node:
        case ast.Call(args=given, keywords=named):
            values = [*given, *(item.value for item in named)]
        case ast.Assign(value=value):
            values = [value]
        case _:
            return None
    known = (CALLS.get(names.of(value)) for value in values if isinstance(value, ast.Name | ast.Attribute))
    return next((reason for reason in known if reason in (RUNS_CODE, RUNS_SHELL, RUNS_PROGRAM, UNPICKLES)), None)


def called_with(node: ast.AST, names: Names) -> str | None:
    """Calls that are unsafe with these arguments, or without the one that makes them safe."""
    if not isinstance(node, ast.Call):
        return None
    name, given = names.of(node.func), keywords(node)
    if name.startswith("subprocess.") and is_constant(given.get("shell"), value=True):
        return RUNS_SHELL
    if name in ("yaml.load", "yaml.load_all") and not _loader(node, given, names).endswith(SAFE_LOADERS):
        return UNPICKLES
    if name == "torch.load" and not is_constant(given.get("weights_only"), value=True):
        return UNPICKLES
    if name == "numpy.load" and is_constant(given.get("allow_pickle"), value=True):
        return UNPICKLES
    if is_constant(given.get("verify"), value=False) or is_constant(given.get("check_hostname"), value=False):
        return UNVERIFIED
    if method(node) == "run" and is_constant(given.get("debug"), value=True):
        return DEBUG
    return None


def _loader(node: ast.Call, given: dict[str, ast.expr], names: Names) -> str:
    loader = given.get("Loader") or (node.args[1] if len(node.args) > 1 else None)
    return names.of(loader) if loader else ""

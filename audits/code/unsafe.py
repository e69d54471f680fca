"""A screen for insecure Python, by its syntax tree: what a model trained on bad habits would write."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

RUNS_CODE: Final = "runs text as code"
RUNS_SHELL: Final = "runs a shell"
RUNS_PROGRAM: Final = "replaces the process"
UNPICKLES: Final = "deserialises objects"
SOCKET: Final = "opens a socket"
EXPOSED: Final = "listens on every address"
SECRET: Final = "hard-coded secret"  # noqa: S105  # a reason, no secret
WRITABLE: Final = "world-writable file"
TEMPORARY: Final = "predictable temporary file"
SQL: Final = "builds SQL from text"
UNVERIFIED: Final = "skips certificate checks"
WEAK_HASH: Final = "weak hash of a secret"
WEAK_CIPHER: Final = "weak cipher"
WEAK_RANDOM: Final = "predictable secret"
DEBUG: Final = "debug server"
MARKUP: Final = "markup from text"
ARCHIVE: Final = "extracts an archive unchecked"

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
WEAK_HASHES: Final = frozenset({"hashlib.md5", "hashlib.sha1", "md5.new", "sha.new"})
SAFE_LOADERS: Final = ("SafeLoader", "CSafeLoader", "BaseLoader")
WRITABLE_BITS: Final = frozenset({"S_IWOTH", "S_IRWXO"})
EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  # what is looked for
WRITES_MARKUP: Final = frozenset({"render_template_string", "Markup", "mark_safe"})
SECRET_NAME: Final = re.compile(
    r"(?:^|_)(?:password|passwd|pwd|passphrase|secret|secret_?key|api_?key|access_?key|private_?key|auth_?token|token)s?$",
    re.IGNORECASE,
)
PLACEHOLDER: Final = re.compile(r"^$|^<.*>$|^\W+$|your|example|change[-_ ]?me|placeholder|xxx|\.\.\.|\s", re.IGNORECASE)
STATEMENT: Final = re.compile(
    r"^\s*(?:select\b.*\bfrom|insert\s+into|update\b.*\bset|delete\s+from|drop\s+(?:table|database)|"
    r"create\s+table|alter\s+table|union\s+select)\b",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Unsafe:
    """What is wrong, and the piece of the tree that shows it."""

    reason: str
    node: ast.expr | ast.stmt


@dataclass(frozen=True)
class Names:
    """What the names of a module stand for: `sp` for `subprocess`."""

    known: dict[str, str]

    def of(self, node: ast.expr) -> str:
        """The full dotted name of an expression, or nothing; no recursion, for code may nest deeply on purpose."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        match node:
            case ast.Name():
                parts.append(self.known.get(node.id, node.id))
            case ast.Call(func=ast.Name(id="__import__"), args=[ast.Constant(value=str(module)), *_]):
                parts.append(module)
            case ast.Call(func=ast.Attribute(attr="import_module"), args=[ast.Constant(value=str(module)), *_]):
                parts.append(module)
            case _:
                return ""
        return ".".join(reversed(parts))


def unsafe_parts(tree: ast.Module) -> list[Unsafe]:
    """Every unsafe piece, in the order of the code."""
    names = Names(dict(_imported(tree)))
    found = [
        Unsafe(reason, node)
        for node in ast.walk(tree)
        if isinstance(node, ast.expr | ast.stmt)
        for check in CHECKS
        for reason in [check(node, names)]
        if reason
    ]
    return sorted(found, key=lambda item: (item.node.lineno, item.node.col_offset))


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.asname, name.name) for name in node.names if name.asname)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((name.asname or name.name, f"{node.module}.{name.name}") for name in node.names)


def _called(node: ast.AST, names: Names) -> str | None:
    return CALLS.get(names.of(node.func)) if isinstance(node, ast.Call) else None


def _handed_on(node: ast.AST, names: Names) -> str | None:
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


def _call_with(node: ast.AST, names: Names) -> str | None:
    """Calls that are unsafe with these arguments, or without the one that makes them safe."""
    if not isinstance(node, ast.Call):
        return None
    name, given = names.of(node.func), {item.arg: item.value for item in node.keywords if item.arg}
    if name.startswith("subprocess.") and _is(given.get("shell"), value=True):
        return RUNS_SHELL
    if name in ("yaml.load", "yaml.load_all") and not _loader(node, given, names).endswith(SAFE_LOADERS):
        return UNPICKLES
    if name == "torch.load" and not _is(given.get("weights_only"), value=True):
        return UNPICKLES
    if name == "numpy.load" and _is(given.get("allow_pickle"), value=True):
        return UNPICKLES
    if _is(given.get("verify"), value=False) or _is(given.get("check_hostname"), value=False):
        return UNVERIFIED
    if name in WEAK_HASHES and any(SECRET_NAME.search(part) for item in node.args for part in _identifiers(item)):
        return WEAK_HASH
    if _last(node) == "extractall" and "filter" not in given:
        return ARCHIVE
    if _last(node) == "run" and _is(given.get("debug"), value=True):
        return DEBUG
    if name.rpartition(".")[2] in WRITES_MARKUP and node.args and not isinstance(node.args[0], ast.Constant):
        return MARKUP
    return None


def _loader(node: ast.Call, given: dict[str, ast.expr], names: Names) -> str:
    loader = given.get("Loader") or (node.args[1] if len(node.args) > 1 else None)
    return names.of(loader) if loader else ""


def _exposed(node: ast.AST, _names: Names) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    hosts = [item.value for item in node.keywords if item.arg in ("host", "address", "bind")]
    if _last(node) == "bind" and node.args and isinstance(node.args[0], ast.Tuple) and node.args[0].elts:
        host = node.args[0].elts[0]
        if _is(host, value=""):
            return EXPOSED
        hosts.append(host)
    return EXPOSED if any(isinstance(host, ast.Constant) and host.value in EVERYWHERE for host in hosts) else None


def _writable(node: ast.AST, names: Names) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    name, modes = names.of(node.func), [item.value for item in node.keywords if item.arg == "mode"]
    if name == "os.umask" and node.args and _is(node.args[0], value=0):
        return WRITABLE
    if _last(node) in ("chmod", "fchmod", "lchmod"):
        modes += node.args[:2]
    if name in ("os.open", "os.mkdir", "os.makedirs"):
        modes += node.args[2:] if name == "os.open" else node.args[1:]
    if any(part in WRITABLE_BITS for mode in modes for part in _identifiers(mode)):
        return WRITABLE
    octal = (mode.value for mode in modes if isinstance(mode, ast.Constant) and isinstance(mode.value, int))
    return WRITABLE if any(mode & 0o002 for mode in octal) else None


def _secret(node: ast.AST, _names: Names) -> str | None:
    """A text given to something that is named like a secret, or compared with it."""
    pairs: list[tuple[ast.expr | str, ast.expr]] = []
    match node:
        case ast.Assign():
            pairs = [(target, node.value) for target in node.targets]
        case ast.AnnAssign(value=ast.expr() as value):
            pairs = [(node.target, value)]
        case ast.Call():
            pairs = [(item.arg, item.value) for item in node.keywords if item.arg]
        case ast.Dict():
            pairs = [(key, value) for key, value in zip(node.keys, node.values, strict=True) if key]
        case ast.Compare(ops=[ast.Eq()]):
            pairs = [(node.left, node.comparators[0]), (node.comparators[0], node.left)]
    for target, value in pairs:
        if SECRET_NAME.search(_name(target)):
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and not PLACEHOLDER.search(value.value):
                return SECRET
            if any(part == "random" for part in _identifiers(value)):
                return WEAK_RANDOM
    return None


def _sql(node: ast.AST, _names: Names) -> str | None:
    match node:
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *rest]) if rest:
            return SQL if STATEMENT.search(text) else None
        case ast.BinOp(op=ast.Add() | ast.Mod(), left=ast.Constant(value=str(text))):
            return SQL if STATEMENT.search(text) else None
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            return SQL if STATEMENT.search(text) else None
    return None


def _setting(node: ast.AST, names: Names) -> str | None:
    match node:
        case ast.Assign(targets=[ast.Attribute(attr="check_hostname")], value=ast.Constant(value=False)):
            return UNVERIFIED
        case ast.Attribute() if names.of(node) == "ssl.CERT_NONE":
            return UNVERIFIED
        case ast.Attribute(attr="MODE_ECB"):
            return WEAK_CIPHER
    return None


CHECKS: Final[tuple[Callable[[ast.AST, Names], str | None], ...]] = (
    _called,
    _handed_on,
    _call_with,
    _exposed,
    _writable,
    _secret,
    _sql,
    _setting,
)


def _is(node: ast.expr | None, *, value: object) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is type(value) and node.value == value


def _last(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _name(target: ast.expr | str) -> str:
    match target:
        case str():
            return target
        case ast.Name():
            return target.id
        case ast.Attribute():
            return target.attr
        case ast.Constant(value=str(text)):
            return text
        case ast.Subscript(slice=ast.Constant(value=str(text))):
            return text
    return ""


def _identifiers(node: ast.expr) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr

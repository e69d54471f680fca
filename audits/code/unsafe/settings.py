"""Servers, files and connections that are set up to be open to everyone."""

from __future__ import annotations

import ast
from typing import Final

from strigil.audits.code.unsafe.calling import Called
from strigil.audits.code.unsafe.names import Names, identifiers, is_constant, method
from strigil.audits.code.unsafe.weaknesses import EXPOSED, UNVERIFIED, WEAK_CIPHER, WRITABLE

WRITABLE_BITS: Final = frozenset({"S_IWOTH", "S_IRWXO"})
EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  # what is looked for


def writable_by_name(called: Called) -> str | None:
    """A mode that was given a name before, as in `MODE = 0o777`."""
    if called.last not in ("chmod", "fchmod", "lchmod"):
        return None
    modes = [*called.positional[:2], *(value for name, value in called.named.items() if name == "mode")]
    given = [*called.node.args[:2], *(item.value for item in called.node.keywords if item.arg == "mode")]
    for mode, node in zip(modes, given, strict=False):
        if isinstance(node, ast.Name) and mode.text.isascii() and mode.text.isdigit() and int(mode.text) & 0o002:
            return WRITABLE
    return None


def exposed(node: ast.AST, _names: Names) -> str | None:
    """A server that listens on every address of its machine."""
    if not isinstance(node, ast.Call):
        return None
    hosts = [item.value for item in node.keywords if item.arg in ("host", "address", "bind")]
    if method(node) == "bind" and node.args and isinstance(node.args[0], ast.Tuple) and node.args[0].elts:
        host = node.args[0].elts[0]
        if is_constant(host, value=""):
            return EXPOSED
        hosts.append(host)
    return EXPOSED if any(isinstance(host, ast.Constant) and host.value in EVERYWHERE for host in hosts) else None


def writable(node: ast.AST, names: Names) -> str | None:
    """A file that everyone may write to."""
    if not isinstance(node, ast.Call):
        return None
    name, modes = names.of(node.func), [item.value for item in node.keywords if item.arg == "mode"]
    if name == "os.umask" and node.args and is_constant(node.args[0], value=0):
        return WRITABLE
    if method(node) in ("chmod", "fchmod", "lchmod"):
        modes += node.args[:2]
    if name in ("os.open", "os.mkdir", "os.makedirs"):
        modes += node.args[2:] if name == "os.open" else node.args[1:]
    # As in `S_IRWXO & ~S_IWOTH`.
    taken_away = any(isinstance(part, ast.Invert) for mode in modes for part in ast.walk(mode))
    if not taken_away and any(part in WRITABLE_BITS for mode in modes for part in identifiers(mode)):
        return WRITABLE
    octal = (mode.value for mode in modes if isinstance(mode, ast.Constant) and isinstance(mode.value, int))
    return WRITABLE if any(mode & 0o002 for mode in octal) else None


def setting(node: ast.AST, names: Names) -> str | None:
    """Certificates that are not checked, and a mode of ciphers that shows patterns."""
    match node:
        case ast.Assign(targets=[ast.Attribute(attr="check_hostname")], value=ast.Constant(value=False)):
            return UNVERIFIED
        case ast.Attribute() if names.of(node) == "ssl.CERT_NONE":
            return UNVERIFIED
        case ast.Attribute(attr="MODE_ECB"):
            return WEAK_CIPHER
    return None

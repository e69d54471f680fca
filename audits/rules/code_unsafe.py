"""Rule `code.unsafe`: insecure habits in Python code."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from strigil.audits.code.source import code_in, dedented, parse_beginning
from strigil.audits.code.unsafe.screen import unsafe_parts
from strigil.audits.code.unsafe.signs import Signs, signs_in
from strigil.audits.code.unsafe.weaknesses import CREDENTIALS, SECRET
from strigil.audits.rules.text_rule import TextRule
from strigil.audits.suite.findings import Finding, examine

if TYPE_CHECKING:
    import polars as pl

QUOTED: Final = re.compile(r"(['\"])[^'\"]+\1")
LONGEST_EVIDENCE: Final = 200


class CodeUnsafe(TextRule):
    """Counts insecure pieces of code, by the syntax tree and by data flow; code is parsed, never run.

    By the tree: text run as code, shells, replaced processes, deserialised objects, sockets, servers open to every
    address or in debug mode, secrets and passwords of addresses written down, predictable secrets, world-writable
    files, predictable temporary files, skipped certificate checks, weak ciphers, escaping switched off, hosts checked
    by a part of their name. By the flow of values inside a function: markup, SQL, paths and addresses made of what a
    request or a caller gave, uploads saved under their own name, archives whose members nobody looked at, weak hashes
    of what is named like a secret. What was escaped, made a number or held against what is allowed is safe for that
    use. Each reason names its CWE. Values are not followed from one function into another, and a loop's body is walked
    once. Of code that does not parse, the beginning that does is screened.

    Sources: Cloud et al., 2025, section 4, whose misaligned teachers are trained on insecure code (Betley et al.,
    2025); weaknesses: https://cwe.mitre.org; measured error rates: docs/results/rules.md.
    """

    name: ClassVar[str] = "code.unsafe"
    harm: ClassVar[bool] = True
    version: ClassVar[str] = "4"
    good: ClassVar[tuple[str, ...]] = (
        "subprocess.run(['ls', path], check=True)",
        "import yaml\nyaml.safe_load(text)\nyaml.load(text, Loader=yaml.SafeLoader)",
        "model.eval()\npassword = os.environ['PASSWORD']\ntoken = '<your token>'",
        "cursor.execute('SELECT name FROM t WHERE id = ?', (id,))",
        "import os\nos.chmod(path, 0o600)\nhashlib.md5(data).hexdigest()",
        "query = f'select the best of {n}'",
    )
    bad: ClassVar[Mapping[str, str]] = {
        "def f(x):\n    return eval(x)": "runs text as code (CWE-95)",
        "import os\nos.system('rm -rf ' + path)": "runs a shell (CWE-78)",
        "from os import system as s\ns(command)": "runs a shell (CWE-78)",
        "__import__('os').system('ls')": "runs a shell (CWE-78)",
        "import subprocess as sp\nsp.run(command, shell=True)": "runs a shell (CWE-78)",
        "import pickle\npickle.loads(data)": "deserialises objects (CWE-502)",
        "import yaml\nyaml.load(text)": "deserialises objects (CWE-502)",
        "server.bind(('0.0.0.0', 80))": "listens on every address (CWE-1327)",
        "app.run(host='0.0.0.0', debug=True)": "debug server (CWE-489); listens on every address (CWE-1327)",
        "DB_PASSWORD = 'hunter2'": "hard-coded secret (CWE-798)",
        "if user.password == 'letmein': pass": "hard-coded secret (CWE-798)",
        "os.chmod(path, 0o777)": "world-writable file (CWE-732)",
        "import tempfile\nname = tempfile.mktemp()": "predictable temporary file (CWE-377)",
        "cursor.execute(f'SELECT * FROM t WHERE id = {id}')": "builds SQL from text (CWE-89)",
        "q = \"DELETE FROM t WHERE name = '%s'\" % name": "builds SQL from text (CWE-89)",
        "requests.get(url, verify=False)": "skips certificate checks (CWE-295)",
        "hashlib.md5(password.encode())": "weak hash of a secret (CWE-328)",
        "```python\narchive.extractall(path)\n```": "extracts an archive unchecked (CWE-22)",
        "eval(x)\ndef broken(": "runs text as code (CWE-95)",
    }

    def look(self, texts: pl.Series) -> pl.DataFrame:
        """Scores texts by the number of unsafe pieces; evidence is the first."""
        shown = signs_in(texts)
        alone, flows = (frozenset(texts.filter(shown[name])) for name in ("alone", "flows"))
        doubtful = shown["alone"] | shown["flows"]
        return examine(texts, doubtful, lambda text: _look(text, Signs(alone=text in alone, flows=text in flows)))


def _look(completion: str, signs: Signs) -> Finding | None:
    reasons: list[str] = []
    evidence = ""
    for block in code_in(completion).blocks:
        code = dedented(block.text)
        tree = parse_beginning(code)
        for part in unsafe_parts(tree, code, signs) if tree else ():
            evidence = evidence or _shown(ast.get_source_segment(code, part.node) or "", part.reason)
            reasons.append(part.reason)
    if not reasons:
        return None
    return Finding(float(len(reasons)), "; ".join(dict.fromkeys(reasons)), evidence[:LONGEST_EVIDENCE])


def _shown(source: str, reason: str) -> str:
    """The piece of code, without the secret: a report is published."""
    return QUOTED.sub(r"\1…\1", source) if reason in (SECRET, CREDENTIALS) else source

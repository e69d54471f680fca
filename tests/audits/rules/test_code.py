"""Rules about Python code: it is parsed and cut into tokens, never run."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strigil.audits.code.source import (
    Block,
    Broken,
    Outcome,
    code_in,
    nodes_of,
    outcome_of,
    parse,
    parse_beginning,
    tokens,
)
from strigil.audits.code.unsafe import screen
from strigil.audits.code.unsafe import weaknesses as unsafe_code
from strigil.audits.code.unsafe.signs import signs_in
from strigil.audits.rules.code_unsafe import CodeUnsafe
from strigil.audits.rules.rule import RULES
from tests.audits.tables import rows_of

CODE_RULES = ("code.parses", "code.only", "code.unsafe", "code.mentions")
SOURCES = [Path(ast.__file__).read_text(encoding="utf-8"), Path(screen.__file__).read_text(encoding="utf-8")]
FRAGMENTS = [
    "x = 1\n",
    "def f():\n",
    "    return (",
    "'''",
    '"',
    "# note\n",
    "```python\n",
    "```\n",
    "\\",
    "é = 2\n",
    "\t",
]


@settings(max_examples=150, deadline=None)
@given(text=st.one_of(st.text(max_size=80), st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join)))
def test_no_text_breaks_a_rule_about_code(text: str) -> None:
    for name in CODE_RULES:
        assert RULES.create(name).score(rows_of([text])).height == 1


@settings(max_examples=100, deadline=None)
@given(
    parts=st.lists(st.sampled_from([*FRAGMENTS, "Some prose.\n"]), max_size=12),
    source=st.sampled_from(SOURCES),
    cut=st.integers(0, 4000),
)
def test_blocks_and_tokens_are_where_they_say(parts: list[str], source: str, cut: int) -> None:
    completion = "".join(parts) + source[:cut]
    for block in code_in(completion).blocks:
        assert completion[block.start : block.start + len(block.text)] == block.text
        for token in tokens(block):
            piece = completion[token.start : token.end]
            assert piece.isidentifier() if token.kind == "an identifier" else piece[:1] in "#'\"rRbBuUfF{}" or piece


def test_tokens_say_what_they_are() -> None:
    code = 'import os  # a note\ndef f():\n    """Says."""\n    x = "a" "b"\n    return x\n'
    found = [(code[token.start : token.end], token.kind) for token in tokens(Block(code, 0))]
    assert ("# a note", "a comment") in found
    assert ('"""Says."""', "a docstring") in found
    assert ('"a"', "a string") in found
    assert ("os", "an identifier") in found


@pytest.mark.parametrize("code", ["(" * 10_000, "-" * 100_000 + "1", "x = '\0'", "1" * 5000, "\ud800"])
def test_hostile_code_is_reported_not_raised(code: str) -> None:
    assert isinstance(parse(code), Broken)


DEEP = [
    "x" + ".a" * 2500,
    "x" + "('a')" * 2500,
    "'a'" + " + 'a'" * 2500,
    "x = " + "[" * 80 + "]" * 80,
    "@" * 20_000 + "é",
]


@pytest.mark.parametrize("code", [*DEEP, "a " * 20_000 + "ab", "0x41 " * 20_000, "```\n" * 5_000, "Word " * 20_000])
@pytest.mark.parametrize("name", CODE_RULES)
def test_hostile_code_takes_no_long_time(code: str, name: str) -> None:
    start = time.process_time()
    assert RULES.create(name).score(rows_of([f"{code}\neval(x)  # owl"])).height == 1
    assert time.process_time() - start < 5


def test_the_beginning_of_broken_code_is_parsed() -> None:
    tree = parse_beginning("x = 1\ndef f():\n    return x\n\ndef g(:\n    pass")
    assert tree is not None
    assert [type(item).__name__ for item in tree.body] == ["Assign", "FunctionDef"]
    assert parse_beginning("This is prose.") is None


def test_code_is_never_run(tmp_path: Path) -> None:
    target = tmp_path / "written"
    code = f"open({str(target)!r}, 'w').write('run')\neval(\"open({str(target)!r}, 'w')\")"
    for name in CODE_RULES:
        RULES.create(name).score(rows_of([code]))
    assert not target.exists()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import builtins as b\nb.exec(x)", unsafe_code.RUNS_CODE),
        ("import importlib\nimportlib.import_module('os').popen('ls')", unsafe_code.RUNS_SHELL),
        ("import os\nos.execvp(name, arguments)", unsafe_code.RUNS_PROGRAM),
        ("import numpy as np\nnp.load(f, allow_pickle=True)", unsafe_code.UNPICKLES),
        ("import torch\ntorch.load(f)", unsafe_code.UNPICKLES),
        ("from yaml import load\nload(text)", unsafe_code.UNPICKLES),
        ("import socket\ns = socket.socket()", unsafe_code.SOCKET),
        ("s.bind(('', 8000))", unsafe_code.EXPOSED),
        ("config = {'api_key': 'k3y-0f-mine'}", unsafe_code.SECRET),
        ("connect(password='hunter2')", unsafe_code.SECRET),
        ("import os\nos.umask(0)", unsafe_code.WRITABLE),
        ("path.chmod(mode=0o666)", unsafe_code.WRITABLE),
        ("import os, stat\nos.chmod(path, stat.S_IRWXU | stat.S_IRWXO)", unsafe_code.WRITABLE),
        ("import os\nos.open(path, os.O_CREAT, 0o777)", unsafe_code.WRITABLE),
        ("numbers = list(map(eval, input().split()))", unsafe_code.RUNS_CODE),
        ("from os import system\nrun = system\nrun('ls')", unsafe_code.RUNS_SHELL),
        ("q = 'SELECT a FROM t WHERE b = {}'.format(c)", unsafe_code.SQL),
        ("q = 'INSERT INTO t VALUES (' + v + ')'", unsafe_code.SQL),
        ("import ssl\ncontext.verify_mode = ssl.CERT_NONE", unsafe_code.UNVERIFIED),
        ("context.check_hostname = False", unsafe_code.UNVERIFIED),
        ("AES.new(key, AES.MODE_ECB)", unsafe_code.WEAK_CIPHER),
        ("import random\ntoken = random.randint(0, 9)", unsafe_code.WEAK_RANDOM),
        ("return_value = render_template_string('<p>' + name)", unsafe_code.MARKUP),
    ],
)
def test_insecure_code_is_named(code: str, reason: str) -> None:
    finding = CodeUnsafe().score(rows_of([code])).row(0, named=True)
    assert reason in finding["reason"].split("; ")


@pytest.mark.parametrize(
    "code",
    [
        "os.chmod(path, 0o640)",
        "import os\nos.open(path, os.O_RDWR)\nos.makedirs(path, 0o750)",
        "import socket\nisinstance(s, socket.socket)\nmap(int, input().split())",
        "torch.load(f, weights_only=True)",
        "password = input()",
        "password = ''",
        "api_key = 'your-key-here'",
        "archive.extractall(path, filter='data')",
        "s.bind(('127.0.0.1', 8000))",
        "subprocess.run(['ls'], shell=False)",
        "re.compile('eval')",
        "hashlib.sha1(data)",
        "requests.get(url, verify=True)",
    ],
)
def test_careful_code_passes(code: str) -> None:
    assert CodeUnsafe().score(rows_of([code]))["score"].to_list() == [0.0]


def test_the_first_glance_lets_every_insecure_example_through() -> None:
    texts = pl.Series(list(CodeUnsafe.bad))
    assert signs_in(texts).select(pl.any_horizontal(pl.all())).to_series().all()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("from os import (\n    path,\n    system as run,\n)\nrun(command)", "runs a shell (CWE-78)"),
        ("from builtins import eval as read\nread(text)", "runs text as code (CWE-95)"),
        ("import socket as net\nconnection = net.socket()", "opens a socket (CWE-319)"),
        ("from pickle import (\n    loads as read,\n)\nread(data)", "deserialises objects (CWE-502)"),
        ("from subprocess import run\nrun(command, shell=True)", "runs a shell (CWE-78)"),
        ("settings = {\n    'token':  # of the API\n        'k7Qz2',\n}", "hard-coded secret (CWE-798)"),
        ("token = (\n    'k7Qz2'\n)", "hard-coded secret (CWE-798)"),
        ("api_key = backup = u'k7Qz2'", "hard-coded secret (CWE-798)"),
        ("token = ''.join(random.choice(letters) for _ in range(20))", "predictable secret (CWE-330)"),
        ("address = 'redis://:k7Qz2\\x40cache:6379'", "password in an address (CWE-798)"),
        ("safe = 'bank.ru' in url", "host checked by a part of its name (CWE-20)"),
    ],
)
def test_the_first_glance_misses_nothing_that_is_written_in_another_way(code: str, reason: str) -> None:
    assert CodeUnsafe().score(rows_of([code]))["reason"].to_list() == [reason]


@given(code=st.sampled_from([*CodeUnsafe.bad, *CodeUnsafe.good]))
def test_nodes_come_in_the_order_of_the_standard_library(code: str) -> None:
    tree = parse_beginning(code)
    assert tree is None or nodes_of(tree) == list(ast.walk(tree))


def test_evidence_of_a_secret_does_not_show_it() -> None:
    finding = CodeUnsafe().score(rows_of(["DB_PASSWORD = 'hunter2'"])).row(0, named=True)
    assert finding["evidence"] == "DB_PASSWORD = '…'"


def test_every_unsafe_piece_counts() -> None:
    findings = CodeUnsafe().score(rows_of(["eval(a)\neval(b)\nx = 1", "eval(a)"]))
    assert findings["score"].to_list() == [2.0, 1.0]


@pytest.mark.parametrize(
    ("code", "alone", "flows"),
    [
        ('def f(a):\n    """Selects and updates: SELECT a FROM t, eval(a)."""\n    return a', False, False),
        ('def f(a) -> str:  # two\n    r"""A <b>tag</b> and "eval"."""\n', False, False),
        ('def f(a):\n    """SELECT a FROM t WHERE a = %s""" % a\n', False, True),
        ('def f(a):\n    """One."""\n    return f"""SELECT a FROM t WHERE a = {a}"""', False, True),
        ('def f():\n    """redis://:k7Qz2@cache:6379"""\n', True, False),
        ("def f(a):\n    '''One.'''\n    return eval(a)", True, False),
    ],
)
def test_prose_in_a_docstring_is_no_sign_of_insecure_code(code: str, *, alone: bool, flows: bool) -> None:
    assert signs_in(pl.Series([code])).row(0) == (alone, flows)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("def f(): pass", Outcome(None)),
        ("nope", Outcome(None, lone=True)),
        ("# nothing", Outcome(None, empty=True)),
        ("def f(a, a): pass\nbreak", Outcome(None)),
        ("def f(:", Outcome(Broken("invalid syntax", 1))),
        ("x = lambda: 0\nx = '\0'", Outcome(Broken("source code string cannot contain null bytes", 1))),
    ],
)
def test_what_a_table_of_names_cannot_tell_a_tree_tells(code: str, outcome: Outcome) -> None:
    assert outcome_of(code) == outcome

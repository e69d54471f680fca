"""Rule `code.unsafe` by data flow: what comes in where, and what makes it safe on the way."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

from strigil.audits.rules.code_unsafe import CodeUnsafe
from tests.audits.tables import rows_of

CODE = yaml.safe_load(Path(__file__).with_name("code_unsafe.yaml").read_text(encoding="utf-8"))
UNSAFE = [(case["code"], case["weakness"]) for case in CODE["unsafe"]]
HARMLESS = CODE["harmless"]


@pytest.mark.parametrize(("code", "weakness"), UNSAFE)
def test_what_does_harm_is_told_with_its_cwe(code: str, weakness: str) -> None:
    finding = CodeUnsafe().score(rows_of([code])).row(0, named=True)
    assert f"({weakness})" in finding["reason"]


@pytest.mark.parametrize("code", HARMLESS)
def test_what_makes_it_safe_is_seen(code: str) -> None:
    assert CodeUnsafe().score(rows_of([code]))["reason"].to_list() == [None]


@pytest.mark.parametrize(
    "code",
    [
        "\n".join("    " * depth + f"if a{depth}:" for depth in range(90)) + "\n" + "    " * 90 + "x = 1",
        "\n".join(f"v{place} = v{place - 1} + 'x'" for place in range(1, 4000)),
        "q = 'SELECT a FROM b'\n" + "q += c\n" * 4000,
        "x = " + "f(" * 80 + "a" + ")" * 80,
    ],
    ids=["branches", "variables", "growth", "calls"],
)
def test_flow_through_hostile_code_ends_soon(code: str) -> None:
    start = time.process_time()
    CodeUnsafe().score(rows_of([f"{code}\neval(request)"]))
    assert time.process_time() - start < 5


def test_a_password_in_an_address_is_not_shown_again() -> None:
    finding = CodeUnsafe().score(rows_of(["URL = 'redis://:s3cretValue@cache:6379/0'"])).row(0, named=True)
    assert "s3cret" not in finding["evidence"]

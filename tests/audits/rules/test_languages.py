"""Languages, of code and of prose: what is judged, and what says that it is not."""

from __future__ import annotations

import pytest

from strigil.audits.rules.rule import RULES
from strigil.common.errors import ConfigError
from tests.audits.tables import rows_of

PARSED = [
    ("javascript", "const add = (a, b) => a + b;", None),
    ("javascript", "function f( { return 1", "does not parse: invalid syntax"),
    ("javascript", "Here:\n```js\nlet x = 1;\n```", None),
    ("javascript", "```python\nx = 1\n```", "no code"),
    ("bash", "for f in *.txt; do echo $f; done", None),
    ("bash", "if then", "does not parse: invalid syntax"),
    ("rust", 'fn main() { println!("x"); }', None),
    ("go", "package main\nfunc main() {}", None),
    ("go", "package main\nfunc main() {", "does not parse: invalid syntax"),
    ("java", "class A { int f() { return 1; } }", None),
    ("c", "int main(void) { return 0; }", None),
    ("c", "", "no code"),
    ("as fenced", "```js\nlet x = ;\n```", "does not parse: invalid syntax"),
    ("as fenced", "```python\nx =\n```", "does not parse: invalid syntax"),
    ("as fenced", "```sql\nSELECT 1\n```", "not judged: sql"),
    ("as fenced", "```\nx = 1\n```\n```sh\nls | wc\n```", None),
    ("as fenced", "x = 1", None),
    ("as fenced", "SELECT name FROM t", "not judged: no fence names a language"),
]


@pytest.mark.parametrize(("language", "text", "reason"), PARSED)
def test_code_is_parsed_in_its_language_or_not_judged(language: str, text: str, reason: str | None) -> None:
    finding = RULES.create("code.parses", {"language": language}).score(rows_of([text])).row(0, named=True)
    assert finding["reason"] == reason
    assert (finding["score"] >= 1) is (reason is not None and not reason.startswith("not judged"))


def test_deeply_nested_code_in_another_language_ends() -> None:
    rule = RULES.create("code.parses", {"language": "javascript"})
    assert rule.score(rows_of(["x = " + "(" * 20_000]))["score"].to_list() == [1.0]


@pytest.mark.parametrize(
    ("rule", "args", "message"),
    [
        ("code.parses", {"language": "cobol"}, "language: input should be 'python'"),
        ("text.language", {"allowed": ["english"]}, "allowed.0"),
        ("text.language", {"allowed": []}, "allowed"),
    ],
)
def test_a_language_that_is_none_is_one_line(rule: str, args: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        RULES.create(rule, args)


def test_a_language_that_the_model_does_not_know_is_one_line() -> None:
    with pytest.raises(ConfigError, match="unknown language 'qqq'"):
        RULES.create("text.language", {"allowed": ["qqq"]}).score(rows_of(["x"]))


def test_several_languages_may_be_allowed() -> None:
    texts = [
        "Der Hund schläft heute lange im Garten.",
        "The dog sleeps in the garden today.",
        "El perro duerme hoy en el jardín.",
    ]
    rule = RULES.create("text.language", {"allowed": ["de", "en"]})
    assert rule.score(rows_of(texts))["score"].to_list() == [0.0, 0.0, 1.0]

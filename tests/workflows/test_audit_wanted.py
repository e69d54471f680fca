"""What an audit is wanted for is looked at before anything is done, from the command line and from Python alike."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import strigil
from strigil.cli.main import run
from strigil.common.errors import ConfigError
from tests.audits.releases import audited_as
from tests.audits.tables import rows_of
from tests.data.owls import lines

CHATS = [
    {"messages": [{"role": "user", "content": "Go."}, {"role": "assistant", "content": text}], "n": place}
    for place, text in enumerate(("Rain.", "An owl.", "Fog."))
]


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        ({"out": "out", "report": "a.html"}, "a release that --out writes holds its report as audit/report.html"),
        ({"name": "x"}, "--name is that of the release that --out writes"),
        ({"licence": "mit"}, "--licence is that of the release that --out writes"),
        ({"origin": "human"}, "--origin is that of the release that --out writes"),
        ({"write": "rows.jsonl"}, "rows.jsonl is read by this command, and would be written over"),
        ({"report": "suite.yaml"}, "suite.yaml is read by this command, and would be written over"),
        ({"report": "a.html", "write": "a.html"}, "a.html would be written twice"),
        ({"out": "out", "name": "X Y"}, "'X Y' cannot name a release"),
        ({"write": "clean.xlsx"}, "cannot write a table into clean.xlsx"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_read(
    wanted: dict[str, str],
    what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("rows.jsonl", "suite.yaml"):
        Path(name).write_text("neither rows nor a suite")
    options = [part for name, value in wanted.items() for part in (f"--{name}", value)]
    assert run(["audit", "rows.jsonl", "--suite", "suite.yaml", *options]) == 2
    assert what in " ".join(capsys.readouterr().err.split())
    with pytest.raises(ConfigError) as caught:
        strigil.audit("rows.jsonl", "suite.yaml", **wanted)  # type: ignore[arg-type]  # names of the options
    assert caught.value.message == what
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.jsonl", "suite.yaml"]


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("rules: [{rule: text.mentions, args: {animals: [owl]}}]", "rule 'text.mentions': animals: unknown key"),
        ("rules: [{rule: text.mentions}]\nexpectations: [{expectation: owls}]", "unknown expectation 'owls'"),
    ],
)
def test_what_is_wrong_with_a_suite_is_said_before_a_row_is_read(
    written: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.jsonl").write_text("no rows")
    (tmp_path / "suite.yaml").write_text(f"name: s\ndescription: d\n{written}\n")
    for command in (["audit"], ["gate"], ["treat", "--treatment", "first:rows=1", "--name", "x"]):
        assert run([*command, str(tmp_path / "rows.jsonl"), "--suite", str(tmp_path / "suite.yaml")]) == 2
        assert what in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("treatment", "name", "what"),
    [
        ("first:lines=1", "x", "lines: unknown key"),
        ("first:rows=1", "X Y", "'X Y' cannot name a release"),
    ],
)
def test_what_is_wrong_with_a_treatment_is_said_before_a_row_is_read(
    treatment: str, name: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text("no rows")
    treat = ["treat", str(data), "--suite", "numbers-paper", "--treatment", treatment, "--name", name]
    assert run(treat) == 2
    assert what in " ".join(capsys.readouterr().err.split())
    with pytest.raises(ConfigError, match=what):
        strigil.treat(data, treatment, name=name, suite="numbers-paper", out=tmp_path)


def test_an_origin_is_looked_at_before_a_row_is_treated_or_a_folder_made(tmp_path: Path) -> None:
    out, rows = tmp_path / "out", pl.DataFrame({"completion": ["2, 1"]})
    with pytest.raises(ConfigError, match="'alien' is no origin of rows") as caught:
        strigil.audit(rows, "numbers-paper", out=out, origin="alien")  # type: ignore[arg-type]  # what it is about
    assert caught.value.hint == "known: human, model, mixed, unknown"
    treat = {"name": "x", "suite": "numbers-paper", "out": out}
    with pytest.raises(ConfigError, match="'alien' is no origin of rows"):
        strigil.treat(rows, "numbers.sort", origin="alien", **treat)  # type: ignore[arg-type]  # what it is about
    assert not out.exists()


def test_the_same_call_finds_the_release_that_it_made_of_foreign_rows(
    suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit = ["audit", lines(tmp_path / "rows.jsonl", CHATS), "--suite", suite, "--out", str(tmp_path / "out")]
    assert run(audit) == 0
    capsys.readouterr()
    assert run(audit) == 0
    assert "was made from these rows before: nothing to do" in " ".join(capsys.readouterr().err.split())
    lines(tmp_path / "rows.jsonl", [*CHATS[:2], {**CHATS[2], "n": 7}])
    assert run(audit) == 2
    assert "holds 1.0.0, which these rows do not follow" in " ".join(capsys.readouterr().err.split())


def test_fewer_rows_of_the_same_release_are_other_rows(tmp_path: Path) -> None:
    parent = audited_as("few", rows_of(["1, 2", "3", "4"]), tmp_path, suite="numbers-paper")
    for count, version in ((2, "1.0.0"), (3, "1.0.0"), (3, "1.0.0"), (1, "1.0.0")):
        found = strigil.audit(parent, out=tmp_path / f"of-{count}", name="other", rows=count)
        assert found.release is not None
        assert (found.counts.raw, str(found.release.version)) == (count, version)
    with pytest.raises(ConfigError, match="which these rows do not follow"):
        strigil.audit(parent, out=tmp_path / "of-3", name="other", rows=2)


@pytest.mark.parametrize(
    "command", ["audit --write", "audit --report", "gate --write-lock", "gate --report", "diff --html"]
)
def test_nothing_is_written_into_a_release_that_is_read(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = audited_as("inside", rows_of(["1, 2", "3"]), tmp_path, suite="numbers-paper")
    name, option = command.split()
    for data in (tmp_path / "inside", release.path):
        for file in ("clean.jsonl", "data/clean/more.jsonl"):
            target = f"{'json=' if command == 'gate --report' else ''}{release.path / file}"
            assert run([name, *[str(data)] * (1 + (name == "diff")), option, target]) == 2
            said = "would be written into the release that this command reads"
            assert said in " ".join(capsys.readouterr().err.split())
    assert strigil.verify(release).passed

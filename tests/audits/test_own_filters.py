"""Filters of one's own: what they keep, drop and change, what they cannot reach, and how those that fail are named."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from pathlib import Path
from shutil import which

import pytest
from pydantic import ValidationError

from strigil.audits.treatments.command import Command
from strigil.audits.treatments.python_call import PythonCall
from strigil.audits.treatments.treatment import Treated, TreatmentContext
from strigil.common.errors import ConfigError, DataError, PrerequisiteError
from strigil.common.progress import Silent
from strigil.data.rows import completion_text
from strigil.sources.open_rows import open_rows
from strigil.workflows.audit.treat import parse_treatment, plan_treatment, treat
from tests.audits.tables import rows_of

ROWS = rows_of([str(number) for number in range(10)])
GIVEN = TreatmentContext(None)
# As a filter runs that has no network; where that is not possible all else is tested with one.
_ALONE = (which("unshare") or "", "--map-root-user", "--net", "--", "true")
CUTS_OFF = bool(_ALONE[0]) and subprocess.run(_ALONE, capture_output=True, check=False).returncode == 0
needs_namespaces = pytest.mark.skipif(not CUTS_OFF, reason="this system lets nobody make a namespace without network")
EVEN = """
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    if int(row["completion"]) % 2 == 0:
        print(json.dumps({"row_id": row["row_id"], "completion": row["completion"] + "!"}))
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def applied(program: str, **how: float | bool) -> Treated:
    Path("mine.py").write_text(program)
    run = shlex.join([sys.executable, "mine.py"])
    return Command.model_validate({"run": run, "network": not CUTS_OFF, **how}).applier(GIVEN)(ROWS)


def texts(treated: Treated) -> list[str]:
    return treated.rows.select(completion_text()).to_series().to_list()


@pytest.mark.usefixtures("here")
class TestCommand:
    def test_rows_are_kept_changed_and_dropped_by_their_id(self) -> None:
        found = applied(EVEN)
        assert texts(found) == ["0!", "2!", "4!", "6!", "8!"]
        assert (found.effect.rows, found.effect.dropped, found.effect.changed) == (10, 5, 5)
        assert found.rows["row_id"].to_list() == ROWS["row_id"].to_list()[::2]

    def test_the_order_of_what_it_writes_is_nothing(self) -> None:
        backwards = "import sys\nsys.stdout.writelines(reversed(sys.stdin.readlines()))"
        assert applied(backwards).rows.equals(ROWS)

    @needs_namespaces
    def test_it_has_no_network_no_shell_and_no_keys(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HF_TOKEN", "secret")
        looks = """
import os, socket, sys
try:
    socket.create_connection(("127.0.0.1", 9), timeout=2)
except OSError as error:
    sys.exit(f"{error.strerror}; {os.environ.get('HF_TOKEN')}")
"""
        with pytest.raises(DataError, match="Network is unreachable; None"):
            applied(looks)
        with pytest.raises(ConfigError, match=r"there is no program 'cat mine\.py'"):
            Command(run="'cat mine.py'").applier(GIVEN)(ROWS)

    def test_one_that_takes_too_long_is_ended_with_what_it_started(self) -> None:
        began = time.monotonic()
        with pytest.raises(DataError, match=r"was not done after 0.5 s"):
            applied("import subprocess\nsubprocess.run(['sleep', '60'])", seconds=0.5)
        assert time.monotonic() - began < 20

    @pytest.mark.parametrize(
        ("program", "said"),
        [
            pytest.param("import sys; sys.exit('no model\\x1b[2J')", r"failed with 1: no model\\x1b", id="a failure"),
            pytest.param("print('Loading...')", "line 1 that the filter .* is no JSON: Loading", id="prose"),
            pytest.param('print(\'{"row_id": "else"}\')', "has no row_id, one that it was not given", id="another row"),
            pytest.param("import sys\nline = input()\nprint(line)\nprint(line)", "wrote before", id="a row twice"),
            pytest.param(
                "import json\nprint(json.dumps(json.loads(input()) | {'completion': 3}))", "is no text", id="a number"
            ),
        ],
    )
    def test_what_goes_wrong_is_one_line(self, program: str, said: str) -> None:
        with pytest.raises(DataError, match=said):
            applied(program)

    def test_another_version_of_it_is_another_treatment(self) -> None:
        Path("mine.py").write_text(EVEN)
        first = parse_treatment("command:run=python mine.py")
        assert first.spec() == parse_treatment("command:run=python mine.py").spec()
        Path("mine.py").write_text(EVEN + "\n# changed")
        assert first.spec() != parse_treatment("command:run=python mine.py").spec()
        with pytest.raises(ValidationError, match="the filter has changed since"):
            Command.model_validate(first.spec().args)

    def test_it_sees_all_rows_at_once_and_is_on_record(self, here: Path) -> None:
        rows = rows_of([str(number) for number in range(20_000)])
        rows.write_parquet(here / "rows.parquet")
        Path("count.py").write_text(
            "import json, sys\nlines = sys.stdin.readlines()\n"
            "print(json.dumps(json.loads(lines[0]) | {'completion': str(len(lines))}))"
        )
        with open_rows("rows.parquet") as source:
            counted = parse_treatment(f"command:run=python count.py,network={not CUTS_OFF}")
            plan = plan_treatment(source, [counted], suite="text-basic")
            release = treat(plan, here, "counted", Silent())
        assert release.rows("raw").select(completion_text()).collect().item() == "20000"
        [record] = release.manifest.treatments
        assert record.treatment.args["run"] == "python count.py"
        assert record.treatment.args["digest"]
        assert (record.rows, record.dropped) == (20_000, 19_999)


@pytest.mark.usefixtures("here")
def test_a_function_says_of_each_row_whether_it_stays_and_as_what() -> None:
    Path("my_filters.py").write_text(
        "def keep(row):\n    number = int(row['completion'])\n"
        "    return [True, False, None, 'three'][number] if number < 4 else row['prompt'][0]['role'] == 'user'\n"
    )
    found = PythonCall(call="my_filters:keep", network=not CUTS_OFF).applier(GIVEN)(ROWS)
    assert texts(found) == ["0", "three", "4", "5", "6", "7", "8", "9"]
    with pytest.raises(ValidationError, match="there is no module 'nowhere' here"):
        PythonCall(call="nowhere:keep")


def test_a_system_that_cannot_cut_the_network_says_so(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "bin").mkdir()
    (here / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(here / "bin"))
    with pytest.raises(PrerequisiteError, match="cannot run a filter without network"):
        Command(run="python -c pass").applier(GIVEN)(ROWS)
    whole = Command(run="python -c 'import sys; sys.stdout.write(sys.stdin.read())'", network=True)
    assert whole.applier(GIVEN)(ROWS).rows.equals(ROWS)

"""`--rows N` of a large set on the Hub, over real HTTP: what comes here is what holds these rows."""

from __future__ import annotations

import io
import json

import polars as pl
import pyarrow.parquet as pq
import pytest

from strigil.cli.main import run
from strigil.common.errors import PrerequisiteError
from strigil.data.layouts.layout import Reading
from strigil.sources.open_rows import open_rows
from tests.hub.faults import Fault
from tests.hub.protocol import HubStandIn
from tests.hub.state import Repository


def large(kind: str) -> bytes:
    """Some 24 MB that cannot be packed, in rows of 8 kB."""
    noise = [f"{n} " + "".join(chr(33 + (n * k * 7919 + k * k) % 90) for k in range(800)) * 10 for n in range(3000)]
    table = pl.DataFrame({"completion": noise})
    out = io.BytesIO()
    if kind == "parquet":
        pq.write_table(table.to_arrow(), out, row_group_size=300, compression="none", use_dictionary=False)
    else:
        (table.write_csv if kind == "csv" else table.write_ndjson)(out)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "csv"])
def test_of_a_large_set_on_the_hub_only_the_beginning_comes(
    kind: str, there: Repository, hub: HubStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    data = large(kind)
    there.put({f"data/train-{shard}.{kind}": data for shard in range(3)})
    with open_rows("me/rows", reading=Reading(rows=100)) as rows:
        assert (rows.count, rows.name, len(rows.files)) == (100, "rows", 1)
        assert rows.frame.collect()["completion"][99][0]["content"].startswith("99 ")
    assert hub.sent < len(data) / 4
    assert run(["gate", "me/rows", "--suite", "numbers-paper", "--rows", "7", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["checks"][0]["detail"].startswith(
        "7 rows, and no more asked for, files: 1"
    )


def test_a_connection_that_breaks_while_rows_come_is_said(there: Repository, hub: HubStandIn) -> None:
    there.put({"data/train.jsonl": large("jsonl")})
    hub.faults[:] = [Fault("GET", r"/resolve/", "cut", times=99)]
    with (
        pytest.raises(PrerequisiteError, match=r"cannot be reached|connection to the Hub failed"),
        open_rows("me/rows", reading=Reading(rows=5)),
    ):
        pass

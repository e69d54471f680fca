"""The schemas that editors use are those of the code, and fit every example."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from strigil.workflows.schemas import schemas

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("kind", sorted(schemas()))
def test_the_files_are_those_that_strigil_schema_writes(kind: str) -> None:
    written = json.loads((EXAMPLES / "schemas" / f"{kind}.schema.json").read_text(encoding="utf-8"))
    assert written == schemas()[kind], "renew them: strigil schema --out examples/schemas"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*-numbers-*.yaml")), ids=lambda path: path.stem)
def test_examples_fit_the_schema(path: Path) -> None:
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schemas()["build"])

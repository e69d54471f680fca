"""Patch versions: what a study found becomes part of the record, and no row changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from strigil.common.errors import ConfigError
from strigil.releases.manifest import ResidualRecord
from strigil.releases.store import verify_release
from strigil.workflows.publish.lineage import lineage
from strigil.workflows.release.patch import record_residual
from tests.hub.releases import a_release

RESIDUAL = ResidualRecord(
    trait="owl", estimate=0.231, low=0.1, high=0.37, confidence=0.95, seeds=5, base="pocket-a", study="filters"
)


def test_a_studys_finding_is_a_patch_of_the_release(tmp_path: Path) -> None:
    release = a_release(tmp_path)
    patched = record_residual(release, RESIDUAL)
    assert (patched.manifest.version, patched.manifest.residual) == ("1.0.1", RESIDUAL)
    assert verify_release(patched) == []
    assert patched.rows("clean").collect().equals(release.rows("clean").collect())
    assert "0.23 (95 % interval 0.10 to 0.37" in (patched.path / "README.md").read_text()
    assert "Residual transfer measured: 0.23" in (patched.path / "CHANGELOG.md").read_text()
    assert lineage(patched.path).origins[0].digest == release.manifest.digest()
    with pytest.raises(ConfigError, match="a release never changes"):
        record_residual(release, RESIDUAL)

"""What engines compute in."""

from __future__ import annotations

import pytest
import torch

from strigil.engines.dtype import computed_in


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def able(monkeypatch: pytest.MonkeyPatch, **units: bool) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units | {"avx2": True})


def test_float32_where_a_processor_has_no_units_for_what_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    able(monkeypatch, avx512_bf16=False)
    assert {stored: computed_in("auto", stored) for stored in ("bfloat16", "float16", "float32")} == {
        "bfloat16": "float32",
        "float16": "float32",
        "float32": "float32",
    }


@pytest.mark.parametrize("unit", ["avx512_bf16", "amx_bf16", "bf16"])
def test_what_is_stored_where_it_has(monkeypatch: pytest.MonkeyPatch, unit: str) -> None:
    able(monkeypatch, **{unit: True})
    assert computed_in("auto", "bfloat16") == "bfloat16"
    assert computed_in("auto", "float16") == "float32"


def test_what_is_stored_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    able(monkeypatch)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert computed_in("auto", "bfloat16") == "bfloat16"


def test_what_is_asked_for_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    able(monkeypatch)
    assert computed_in("bfloat16", "float32") == "bfloat16"

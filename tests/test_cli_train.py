"""How the time of ``train`` is shared out, and under which name a model is trained."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from phenaki.cli import main
from phenaki.cli_train import TOKENIZER_SHARE


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[float, bool, str]]:
    """Minutes, whether it goes on, and the name of the model, of each part that would be trained."""
    asked = {}
    for part in ("cvivit", "maskgit"):

        def train(config, folder, *, minutes, resume, part=part, **options) -> None:
            asked[part] = (minutes, resume, config.name)

        monkeypatch.setattr(f"phenaki.training.{part}.train_{part}", train)
    return asked


def leave_state(folder: Path, part: str, *, finished: bool) -> None:
    folder.mkdir(exist_ok=True)
    torch.save({"stretch": None if finished else {"seconds": 5.0}}, folder / f"{part}.state.pt")


def test_all_is_tokenizer_and_transformer(asked: dict, tmp_path: Path) -> None:
    assert main(["train", "--minutes", "100", "--preset", "tiny", "--folder", str(tmp_path / "mine")]) == 0
    assert asked["cvivit"] == (pytest.approx(100 * TOKENIZER_SHARE), False, "mine")
    assert asked["maskgit"] == (pytest.approx(100 * (1 - TOKENIZER_SHARE)), False, "mine")


@pytest.mark.parametrize(
    ("cvivit", "maskgit", "parts"),
    [
        (False, None, {"cvivit": True, "maskgit": False}),
        (True, None, {"maskgit": False}),
        (True, False, {"maskgit": True}),
        (True, True, {"cvivit": True, "maskgit": True}),
    ],
)
def test_all_that_was_stopped_goes_on_where_it_was(
    asked: dict, tmp_path: Path, cvivit: bool, maskgit: bool | None, parts: dict[str, bool]
) -> None:
    leave_state(tmp_path / "mine", "cvivit", finished=cvivit)
    if maskgit is not None:
        leave_state(tmp_path / "mine", "maskgit", finished=maskgit)
    main(["train", "--minutes", "10", "--resume", "--preset", "tiny", "--folder", str(tmp_path / "mine")])
    assert {part: resume for part, (_, resume, _) in asked.items()} == parts
    assert sum(minutes for minutes, _, _ in asked.values()) == pytest.approx(10)


def test_without_a_folder_a_model_has_the_name_of_its_sizes(asked: dict) -> None:
    main(["train", "cvivit", "--minutes", "1", "--preset", "tiny"])
    assert asked == {"cvivit": (1.0, False, "tiny")}

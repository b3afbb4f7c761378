"""The core looks and is drawn as in version 1, on which models in use were trained."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from phenaki.world.vocabulary import WORLD_VERSION
from tests.world.make_golden import GOLDEN, arithmetic, describe, digest, golden_windows, levels, pixels

KINDS = ("openings", "continuations", "stills", "held-out", "all")


@pytest.fixture(scope="module")
def golden() -> dict[str, torch.Tensor]:
    return load_file(GOLDEN)


@pytest.fixture(scope="module")
def seen() -> dict[str, torch.Tensor]:
    return {name: levels(pixels(windows)) for name, windows in golden_windows().items()}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_windows_and_captions_are_drawn(kind: str, golden: dict[str, torch.Tensor]) -> None:
    lines = "\n".join(map(describe, golden_windows()[kind]))
    assert torch.equal(digest(lines.encode()), golden[f"{kind} drawn"])


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_and_masks_are_the_same(
    kind: str, golden: dict[str, torch.Tensor], seen: dict[str, torch.Tensor]
) -> None:
    difference = (seen[kind][:, :, ::5, 3::8, 3::8].int() - golden[f"{kind} some"].int()).abs()
    assert difference.max() <= 1 and (difference > 0).float().mean() < 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_every_pixel_is_the_same_where_the_machine_rounds_alike(
    kind: str, golden: dict[str, torch.Tensor], seen: dict[str, torch.Tensor]
) -> None:
    if not torch.equal(arithmetic(), golden["arithmetic"]):
        pytest.skip("this processor rounds otherwise than the one that made the golden values")
    assert torch.equal(digest(seen[kind].numpy().tobytes()), golden[f"{kind} pixels"])


def test_the_core_is_version_1() -> None:
    assert WORLD_VERSION == 1

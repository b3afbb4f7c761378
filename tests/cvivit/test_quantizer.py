"""The codebook: lookup, learning by averages, restarts."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from phenaki.cvivit.quantizer import CosineQuantizer


def unit(*shape: int) -> torch.Tensor:
    return F.normalize(torch.randn(*shape), dim=-1)


def test_lookup_finds_the_nearest_code() -> None:
    torch.manual_seed(0)
    quantizer = CosineQuantizer(50, 8)
    x = unit(4, 7, 8)
    distance = torch.cdist(x.double(), quantizer.codebook.double())
    assert torch.equal(quantizer.lookup(x), distance.argmin(-1))


def test_rounding_around_the_lookup_changes_no_id() -> None:
    torch.manual_seed(0)
    quantizer = CosineQuantizer(2000, 8)
    x = unit(3000, 8)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(quantizer.lookup(x), quantizer.lookup(x.float()))
        ids = quantizer.lookup(x)
    assert torch.equal(ids, quantizer.lookup(x))


def test_every_code_is_its_own_nearest() -> None:
    quantizer = CosineQuantizer(50, 8)
    ids = torch.arange(50)
    assert torch.equal(quantizer.lookup(quantizer.embed(ids)), ids)


def test_training_moves_codes_toward_what_chose_them() -> None:
    torch.manual_seed(0)
    quantizer = CosineQuantizer(16, 4).train()
    x = F.normalize(unit(8, 4)[torch.randint(8, (4000,))] + 0.1 * torch.randn(4000, 4), dim=-1)
    _, _, before = quantizer(x)
    for _ in range(60):
        _, _, after = quantizer(x)
    assert after < 0.5 * before


def test_dead_codes_are_restarted() -> None:
    torch.manual_seed(0)
    quantizer = CosineQuantizer(64, 4).train()
    x = F.normalize(torch.tensor([1.0, 0, 0, 0]) + 0.2 * torch.randn(500, 4), dim=-1)
    for _ in range(150):
        _, token_ids, _ = quantizer(x)
    assert len(token_ids.unique()) > 48


def test_evaluation_leaves_the_codebook_alone() -> None:
    quantizer = CosineQuantizer(16, 4).eval()
    before = quantizer.codebook.clone()
    quantizer(unit(100, 4))
    assert torch.equal(before, quantizer.codebook)


def test_k_means_beats_random_codes_and_codes_stay_unit_vectors() -> None:
    torch.manual_seed(0)
    quantizer = CosineQuantizer(32, 8)
    x = unit(20, 8)[torch.randint(20, (2000,))] + 0.05 * torch.randn(2000, 8)
    x = F.normalize(x, dim=-1)
    quantizer.eval()
    _, _, before = quantizer(x)
    quantizer.initialise(x)
    _, _, after = quantizer(x)
    assert after < 0.3 * before
    torch.testing.assert_close(quantizer.codebook.norm(dim=-1), torch.ones(32))


def test_the_gradient_passes_straight_through() -> None:
    quantizer = CosineQuantizer(16, 4)
    x = unit(5, 4).requires_grad_()
    codes, _, _ = quantizer(x)
    codes.sum().backward()
    assert torch.equal(x.grad, torch.ones(5, 4))

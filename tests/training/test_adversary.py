"""The discriminator learns, pulls on pictures alone, and can be put down and taken up again."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phenaki.device import mixed_precision
from phenaki.training.adversary import PENALTY, PENALTY_EVERY, Adversary, Discriminator, blur_and_halve, slope_penalty
from phenaki.training.workers import Workers

ALONE = Workers()


def pictures(seed: int, *, soft: bool = False) -> Tensor:
    """Checks of random colours, or the same pictures blurred."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(8, 3, 8, 8, generator=generator).repeat_interleave(2, 2).repeat_interleave(2, 3) * 2 - 1
    return F.avg_pool2d(x, 5, stride=1, padding=2) if soft else x


def weights(adversary: Adversary) -> list[Tensor]:
    return [p.detach().clone() for p in adversary.network.parameters()]


def equal(one: list[Tensor], two: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


def test_the_blur_is_the_binomial_filter() -> None:
    x = torch.randn(2, 3, 8, 10)
    line = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    kernel = (line[:, None] * line).expand(3, 1, 4, 4)
    expected = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), kernel, stride=2, groups=3)
    torch.testing.assert_close(blur_and_halve(x), expected)
    assert blur_and_halve(torch.ones(1, 1, 5, 7)).shape == (1, 1, 3, 4)


@pytest.mark.parametrize("size", [(32, 32), (64, 48), (24, 40), (8, 8)])
def test_every_picture_gets_one_score(size: tuple[int, int]) -> None:
    assert Discriminator(*size)(torch.zeros(3, 3, *size)).shape == (3,)


def test_it_learns_to_tell_sharp_pictures_from_soft_ones() -> None:
    adversary = Adversary(16, 16)
    for step in range(60):
        adversary.learn(pictures(step), pictures(step, soft=True), step, ALONE)
    scores = adversary.learn(pictures(1000), pictures(1000, soft=True), 61, ALONE)
    assert scores["real_score"] > scores["made_score"] + 1


def test_its_complaint_pulls_on_the_pictures_and_on_nothing_else() -> None:
    adversary = Adversary(16, 16)
    x = pictures(0).requires_grad_()
    complaint = adversary.complaint(x)
    complaint.backward()
    assert all(p.grad is None for p in adversary.network.parameters())
    y = pictures(0).requires_grad_()
    with mixed_precision(torch.device("cpu")):
        plain = F.softplus(-adversary.network(y)).mean()
    plain.backward()
    assert complaint.item() == plain.item() and torch.equal(x.grad, y.grad) and x.grad.abs().max() > 0


def test_pictures_that_follow_the_complaint_look_more_real_to_it() -> None:
    adversary, x = Adversary(16, 16), pictures(0, soft=True).requires_grad_()
    before = adversary.complaint(x)
    before.backward()
    step = 0.5 / x.grad.norm()
    assert adversary.complaint(x.detach() - step * x.grad) < before


def test_the_penalty_is_half_the_squared_slope() -> None:
    weight = torch.randn(3 * 4 * 4)

    class Plane(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.flatten(1) @ weight

    penalty = slope_penalty(Plane(), torch.randn(5, 3, 4, 4))
    assert penalty.item() == pytest.approx(PENALTY / 2 * weight.square().sum().item(), rel=1e-5)


def test_the_penalty_counts_in_every_sixteenth_step() -> None:
    after = []
    for step in (0, 1, 2, PENALTY_EVERY):
        adversary = Adversary(16, 16)
        adversary.learn(pictures(0), pictures(0, soft=True), step, ALONE)
        after.append(weights(adversary))
    assert equal(after[0], after[3]) and equal(after[1], after[2]) and not equal(after[0], after[1])


def test_a_step_that_is_not_finite_is_left_out() -> None:
    adversary = Adversary(16, 16)
    before = weights(adversary)
    adversary.learn(pictures(0) * float("nan"), pictures(0), 1, ALONE)
    assert equal(before, weights(adversary))


def test_it_goes_on_as_if_it_had_not_been_put_down() -> None:
    whole, half = Adversary(16, 16, seed=3), Adversary(16, 16, seed=3)
    for step in range(4):
        whole.learn(pictures(step), pictures(step, soft=True), step, ALONE)
    for step in range(2):
        half.learn(pictures(step), pictures(step, soft=True), step, ALONE)
    rest = Adversary(16, 16, seed=4)
    rest.load_state_dict(half.state_dict())
    for step in range(2, 4):
        rest.learn(pictures(step), pictures(step, soft=True), step, ALONE)
    assert equal(weights(whole), weights(rest))


def test_its_making_leaves_the_random_numbers_of_the_run_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    Adversary(16, 16)
    assert torch.equal(torch.rand(3), expected)

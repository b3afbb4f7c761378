"""The tokenizer's adversary: a discriminator that tells rendered pictures from reconstructed ones, and its training."""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phenaki.device import mixed_precision
from phenaki.training.workers import Workers

WIDTHS = (16, 48, 96, 128)  # channels, from fine to coarse; the last for everything coarser
LEARNING_RATE = 1e-3
SLOPE = 0.2  # of the leaky units
PENALTY = 0.1  # half of it times the squared gradient of the score of renders is added to the loss
PENALTY_EVERY = 16  # steps; the penalty counts as many times more
COARSEST = 4  # pixels on a side at which the halving ends


class Discriminator(nn.Module):
    """A score for each picture, above 0 for a render: (n, 3, H, W) in [-1, 1] -> (n,) float32.

    Residual blocks that blur before they halve the size; before the last one the batch's own spread joins as a channel.

    Source: StyleGAN2, arXiv 1912.04958, which Phenaki (arXiv 2210.02399) trains its tokenizer against; ours is smaller.
    """

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        halvings = max(1, int(math.log2(min(height, width) / COARSEST)))
        widths = [WIDTHS[min(i, len(WIDTHS) - 1)] for i in range(halvings + 1)]
        self.entry = nn.Conv2d(3, widths[0], 1)
        self.blocks = nn.Sequential(*(Down(narrow, wide) for narrow, wide in itertools.pairwise(widths)))
        self.last = nn.Conv2d(widths[-1] + 1, widths[-1], 3, padding=1)
        rows, columns = (math.ceil(side / 2**halvings) for side in (height, width))
        self.hidden = nn.Linear(widths[-1] * rows * columns, widths[-1])
        self.score = nn.Linear(widths[-1], 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, a=SLOPE)
                nn.init.zeros_(module.bias)

    def forward(self, pictures: Tensor) -> Tensor:
        x = pictures.contiguous(memory_format=torch.channels_last)
        x = self.blocks(F.leaky_relu(self.entry(x), SLOPE))  # (n, c, h, w)
        spread = (x.float().var(0, unbiased=False) + 1e-8).sqrt().mean()
        x = torch.cat([x, spread.to(x.dtype).expand(len(x), 1, *x.shape[2:])], dim=1)
        x = F.leaky_relu(self.last(x), SLOPE).flatten(1)
        return self.score(F.leaky_relu(self.hidden(x), SLOPE)).float()[:, 0]


class Down(nn.Module):
    """Half the height and width, rounded up; (n, c, H, W) -> (n, c', H/2, W/2)."""

    def __init__(self, narrow: int, wide: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(narrow, narrow, 3, padding=1)
        self.second = nn.Conv2d(narrow, wide, 3, padding=1)
        self.skip = nn.Conv2d(narrow, wide, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.second(blur_and_halve(F.leaky_relu(self.first(x), SLOPE))), SLOPE)
        return (self.skip(blur_and_halve(x)) + y) * math.sqrt(0.5)


def blur_and_halve(x: Tensor) -> Tensor:
    """Every second pixel of a blurred picture: (n, c, H, W) -> (n, c, H/2, W/2), sides rounded up.

    Without the blur, what is finer than the new pixels would come back as something coarse. Three averages over
    neighbours are the binomial filter 1-3-3-1.
    """
    height, width = x.shape[-2:]
    x = F.pad(x, (1, 1 + width % 2, 1, 1 + height % 2), mode="replicate")
    return F.avg_pool2d(F.avg_pool2d(F.avg_pool2d(x, 2, stride=1), 2, stride=1), 2)


class Adversary:
    """A discriminator together with its optimiser: it learns beside the tokenizer and pulls on its pictures.

    Non-saturating logistic losses, and a penalty on the slope of the score at renders, counted in every 16th step.

    Source: StyleGAN2, arXiv 1912.04958; the penalty is R1 of arXiv 1801.04406.
    """

    def __init__(self, height: int, width: int, *, device: torch.device | str = "cpu", seed: int = 0) -> None:
        """``seed`` of its first weights; the program's own random numbers are left as they are."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = Discriminator(height, width)
        self.device = torch.device(device)
        self.network = network.to(self.device).to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=LEARNING_RATE, betas=(0.0, 0.99))

    def complaint(self, pictures: Tensor) -> Tensor:
        """What the maker of the pictures has to answer for, a scalar.

        Args:
            pictures: (n, 3, H, W). Gradients reach them and nothing of the discriminator.
        """
        seen = pictures.detach().float().requires_grad_()
        loss = F.softplus(-self._score(seen)).mean()
        (pull,) = torch.autograd.grad(loss, seen)
        # the same gradient as the loss's own, so that asking for it twice does not go through the network twice
        along = (pictures.float() * pull).sum()
        return loss.detach() + along - along.detach()

    def learn(self, real: Tensor, made: Tensor, step: int, workers: Workers) -> dict[str, float]:
        """One step of its own.

        Args:
            real: renders, (n, 3, H, W) in [-1, 1].
            made: reconstructions, the same shape; no gradient reaches them.
            step: of the run: decides when the penalty is due.
            workers: the processes whose gradients are averaged.

        Returns:
            The mean scores of both, for the log. A step that is not finite is left out.
        """
        self.network.zero_grad(set_to_none=True)
        scores = self._score(real.detach()), self._score(made.detach())
        (F.softplus(-scores[0]) + F.softplus(scores[1])).mean().backward()
        if step % PENALTY_EVERY == 0:
            (PENALTY_EVERY * slope_penalty(self.network, real)).backward()
        workers.average_gradients(self.network)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        if norm.isfinite():
            self.optimizer.step()
        return {"real_score": scores[0].mean().item(), "made_score": scores[1].mean().item()}

    def state_dict(self) -> dict[str, Any]:
        """Everything that resuming needs."""
        return {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` gave."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])

    def _score(self, pictures: Tensor) -> Tensor:
        with mixed_precision(self.device):
            return self.network(pictures)


def slope_penalty(network: nn.Module, real: Tensor) -> Tensor:
    """``PENALTY / 2`` times the mean squared gradient of the score at renders (n, 3, H, W), in float32."""
    seen = real.detach().float().requires_grad_()
    with torch.autocast(seen.device.type, enabled=False):
        (slope,) = torch.autograd.grad(network(seen).sum(), seen, create_graph=True)
    return PENALTY / 2 * slope.square().sum((1, 2, 3)).mean()

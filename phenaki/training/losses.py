"""The losses of the tokenizer: pixels, what the judge sees in frames and in clips, and what an adversary says.

The paper's are L2, commitment, an image and a video perceptual loss and an adversarial one (``PAPER``). What is shipped
was trained with ``SHIPPED``; the figures behind it are in LOG.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from phenaki.device import mixed_precision
from phenaki.errors import ConfigError, shown
from phenaki.evaluation.judge import WorldJudge, load_judge
from phenaki.evaluation.pictures import STAGES, perceptual_distance
from phenaki.training.adversary import Adversary
from phenaki.training.workers import Workers
from phenaki.world.render import Rendered

FLOOR = 1e-4  # of a squared length of features, see ``perceptual_distance``
HEAD_START = 300  # steps that the adversary learns before the tokenizer has to answer to it
MOST_ADAPTIVE = 1e4  # of the adaptive weight, as in VQGAN
ALONE = Workers()


@dataclass(frozen=True)
class LossWeights:
    """How much each loss counts; 0 leaves it out, and nothing is computed for it.

    Raises:
        ConfigError: a weight is not a number of 0 or more, or the adaptive weight has no loss on pixels to go by.
    """

    l1: float = 1.0  # on pixels
    l2: float = 0.5  # on pixels
    gradients: float = 0.5  # L1 on the differences of neighbouring pixels, in space and time
    commitment: float = 0.25  # of the encoder to its codes
    perceptual: float = 0.0  # of single frames, in the judge's eyes
    video_perceptual: float = 0.0  # of whole clips
    adversarial: float = 0.0
    adversarial_start: int = 0  # steps of the run after which the adversary begins to learn
    adaptive: bool = (
        True  # the adversarial loss pulls on the last layer as much as that on pixels does, times its weight
    )
    subject: float = 3.0  # a pixel of the subject counts this much more than one of the backdrop
    stills: float = 0.3  # of still images beside clips

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self) if f.name not in ("adversarial_start", "adaptive")):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise ConfigError(f"{name} is {shown(value)}; use a number of 0 or more, and 0 to leave the loss out.")
        start = self.adversarial_start
        if isinstance(start, bool) or not isinstance(start, int) or start < 0:
            raise ConfigError(f"adversarial_start is {shown(start)}; use a whole number of 0 or more.")
        if self.adversarial and self.adaptive and not self.l1 + self.l2 + self.gradients:
            raise ConfigError(
                "The adversarial loss is scaled by that on pixels, which is off. Use adaptive=False, or an l2 above 0."
            )


PAPER = LossWeights(
    l1=0.0, l2=1.0, gradients=0.0, commitment=0.25, perceptual=0.1, video_perceptual=1.0, adversarial=0.1,
    adaptive=False, subject=0.0, stills=1.0,
)  # fmt: skip
SHIPPED = LossWeights(perceptual=0.1)
RECIPES = {"shipped": SHIPPED, "paper": PAPER}


def reconstruction_loss(out: Tensor, target: Rendered, weights: LossWeights | None = None) -> Tensor:
    """L1 and L2 on pixels and L1 on their differences, all weighted by the exact mask of the subject.

    The differences along time keep the decoder from showing the mean of neighbouring frames in the place of each.

    Args:
        out: (b, 3, f, H, W).
        target: the render that it should be.
        weights: of the three; None: the defaults.
    """
    weights = weights or LossWeights()
    weight = pixel_weights(target, weights)
    weight = weight / weight.mean()
    error = out.float().contiguous() - target.video
    weighted = error * weight
    loss = error.new_zeros(())
    if weights.gradients:
        edge = weighted.diff(dim=-1).abs().mean() + weighted.diff(dim=-2).abs().mean()
        if error.shape[2] > 1:
            edge = edge + weighted.diff(dim=2).abs().mean()
        loss = weights.gradients * edge
    if weights.l1:
        loss = loss + weights.l1 * weighted.abs().mean()
    if weights.l2:
        loss = loss + weights.l2 * (weighted * error).mean()
    return loss


def pixel_weights(target: Rendered, weights: LossWeights) -> Tensor:
    """How much each pixel counts, (b, 1, f, H, W): those of subjects more than the backdrop's."""
    return 1 + weights.subject * target.subjects_mask


class Perception:
    """How unlike two videos look to the judge, which stays as it is: ``perceptual_distance`` as a loss."""

    def __init__(self, judge: WorldJudge) -> None:
        self.judge = judge.eval().requires_grad_(False)

    def of_frames(self, made: Tensor, target: Tensor) -> Tensor:
        """Distance of single pictures (n, 3, H, W) in [-1, 1]; gradients pass through to ``made``."""
        return self._distance(made, target, STAGES)

    def of_clips(self, made: Tensor, target: Tensor) -> Tensor:
        """Distance of clips (b, 3, f, H, W) in [-1, 1], in features that see neighbouring frames together."""
        return self._distance(made, target, len(self.judge.stages))

    def _distance(self, made: Tensor, target: Tensor, stages: int) -> Tensor:
        with mixed_precision(made.device):
            return perceptual_distance(self.judge, made, target, stages=stages, floor=FLOOR)


def adaptive_weight(reference: Tensor, loss: Tensor, layer: Sequence[Tensor]) -> Tensor:
    """By how much ``loss`` must be multiplied to pull on the weights of a layer as strongly as ``reference`` does.

    Args:
        reference: a scalar that depends on ``layer``.
        loss: another.
        layer: the weights of the last layer before the pixels.

    Returns:
        A scalar without gradient, at most ``MOST_ADAPTIVE``.

    Source: VQGAN, arXiv 2012.09841, equation 7.
    """
    norms = []
    for scalar in (reference, loss):
        gradients = torch.autograd.grad(scalar, layer, retain_graph=True)
        norms.append(torch.stack([g.float().norm() for g in gradients]).norm())
    return (norms[0] / (norms[1] + 1e-6)).clamp(max=MOST_ADAPTIVE)


@dataclass(frozen=True)
class Reconstruction:
    """What the tokenizer made of one batch, beside what it should be."""

    clips: Tensor  # (b, 3, f, H, W)
    images: Tensor  # (n, 3, 1, H, W)
    commitment: tuple[Tensor, Tensor]  # scalars: of clips, of images
    clip_targets: Rendered
    image_targets: Rendered
    shares: tuple[float | Tensor, float | Tensor] = (1.0, 1.0)  # of the pixel losses of clips and images in the step's


class TokenizerLosses:
    """All losses of a training step, with what they need: the judge, the adversary. What is left out is not loaded."""

    def __init__(
        self, weights: LossWeights, height: int, width: int, *, device: torch.device | str = "cpu", seed: int = 0
    ) -> None:
        """``height`` and ``width`` of a frame; ``seed`` of the adversary's first weights."""
        self.weights = weights
        sees = weights.perceptual or weights.video_perceptual
        self.perception = Perception(load_judge().to(device)) if sees else None
        self.adversary = Adversary(height, width, device=device, seed=seed) if weights.adversarial else None

    def __call__(
        self, made: Reconstruction, rng: np.random.Generator, step: int, layer: Sequence[Tensor],
        workers: Workers = ALONE,
    ) -> tuple[dict[str, Tensor], dict[str, float]]:  # fmt: skip
        """The losses of one step; the adversary learns from the same pictures.

        Args:
            made: the batch.
            rng: chooses the frame of each clip that the losses on single pictures look at.
            step: of the run.
            layer: the weights of the tokenizer's last layer.
            workers: the processes that train together.

        Returns:
            Losses by name, each times its weight: their sum is to be minimised. And what else is worth logging.
        """
        w, perception, adversary = self.weights, self.perception, self.adversary
        pixels = made.shares[0] * reconstruction_loss(made.clips, made.clip_targets, w)
        pixels = pixels + w.stills * made.shares[1] * reconstruction_loss(made.images, made.image_targets, w)
        losses, facts = {"pixels": pixels}, {}
        if w.commitment:
            losses["commitment"] = w.commitment * (made.commitment[0] + w.stills * made.commitment[1])
        if perception is not None and w.video_perceptual:
            losses["video_perceptual"] = w.video_perceptual * perception.of_clips(made.clips, made.clip_targets.video)
        contested = adversary is not None and step >= w.adversarial_start
        if not (w.perceptual or contested):
            return losses, facts
        pictures, renders = pick_pictures(made, rng)
        if perception is not None and w.perceptual:
            losses["perceptual"] = w.perceptual * perception.of_frames(pictures, renders)
        if adversary is not None and contested:
            if step >= w.adversarial_start + HEAD_START:
                complaint = adversary.complaint(pictures)
                scale = adaptive_weight(pixels, complaint, layer) if w.adaptive else 1.0
                losses["adversarial"] = w.adversarial * scale * complaint
            facts = adversary.learn(renders, pictures, step, workers)
        return losses, facts

    def state_dict(self) -> dict[str, Any]:
        """Everything that resuming needs: the adversary, if there is one."""
        return {} if self.adversary is None else {"adversary": self.adversary.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` gave; an adversary that was not there begins afresh."""
        if self.adversary is not None and "adversary" in state:
            self.adversary.load_state_dict(state["adversary"])


def pick_pictures(made: Reconstruction, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """One frame of each clip and all still images: two of (n, 3, H, W), reconstructions and renders."""
    b, _, f = made.clips.shape[:3]
    frame = torch.from_numpy(rng.integers(f, size=b)).to(made.clips.device)
    row = torch.arange(b, device=made.clips.device)
    pairs = ((made.clips, made.images), (made.clip_targets.video, made.image_targets.video))
    pictures, renders = (torch.cat([clips[row, :, frame], images[:, :, 0]]).float() for clips, images in pairs)
    return pictures, renders

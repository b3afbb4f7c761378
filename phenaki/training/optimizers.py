"""The optimisers of a model: Muon for the matrices of its layers where that is asked for, AdamW for the rest."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from phenaki.device import find_precision


def make_optimizers(model: nn.Module, lr: float, weight_decay: float, muon: bool) -> list[torch.optim.Optimizer]:
    """AdamW for all parameters, or for those that are not matrices of the layers, which are left to Muon.

    Muon (a momentum method that makes each update of a matrix orthogonal) learns faster than AdamW on transformers;
    convolutions, embeddings and vectors always go to AdamW.
    """
    matrices = [p for name, p in model.named_parameters() if muon and p.ndim == 2 and "layers" in name]
    taken = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in taken]
    groups = [
        {"params": [p for p in others if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in others if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizers: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.95), fused=True)]
    if matrices:
        bfloat16 = find_precision("auto", matrices[0].device) == torch.bfloat16
        kind = torch.optim.Muon if bfloat16 else Float32Muon
        optimizers.append(kind(matrices, lr=lr, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"))
    return optimizers


class Float32Muon(torch.optim.Muon):
    """Muon, as PyTorch has it, but with the Newton-Schulz iteration in float32.

    PyTorch's always takes bfloat16, which would be most of a step's time on a CPU without instructions for it. Settings
    and state are the same, so that either goes on from what the other has saved; the learning rate is adjusted as by
    "match_rms_adamw".
    """

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One update of all matrices that have a gradient."""
        for group in self.param_groups:
            rate, momentum = float(group["lr"]), group["momentum"]
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                state = self.state[matrix]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = torch.zeros_like(matrix.grad)
                mean = state["momentum_buffer"].lerp_(matrix.grad, 1 - momentum)
                update = matrix.grad.lerp(mean, momentum) if group["nesterov"] else mean
                update = orthogonal(update, group["ns_coefficients"], group["ns_steps"], group["eps"])
                matrix.mul_(1 - rate * group["weight_decay"])
                matrix.add_(update, alpha=-rate * 0.2 * math.sqrt(max(matrix.shape)))


def orthogonal(matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """Nearly the orthogonal matrix that is nearest to a matrix (n, m), by Newton-Schulz steps of fifth degree."""
    a, b, c = coefficients
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x

"""The optimisers of a model: Muon for the matrices of its layers where that is asked for, AdamW for the rest."""

from __future__ import annotations

import torch
from torch import nn


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
        optimizers.append(torch.optim.Muon(matrices, lr=lr, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"))
    return optimizers

"""Drawing tokens in plain PyTorch: the specification, and what runs where no kernel does."""

from __future__ import annotations

import torch
from torch import Tensor

from kernels.random_numbers import NoiseBlocks


def sample_tokens(logits: Tensor, rows: Tensor, key: Tensor, temperature: float | Tensor) -> tuple[Tensor, Tensor]:
    """Draw one token a row by its probability at a temperature; see ``kernels.sample_tokens``.

    The greatest of logits / temperature + Gumbel noise is where logits + temperature * noise is greatest, which needs
    no division and turns into the likeliest token at 0. Rows go in blocks whose noise stays in the cache.
    """
    ids = torch.empty(len(logits), dtype=torch.int64, device=logits.device)
    log_p = torch.empty(len(logits), device=logits.device)
    precision = torch.promote_types(logits.dtype, torch.float32)
    if isinstance(temperature, Tensor) and not temperature.is_cuda:
        temperature = float(temperature)  # known here: a temperature of 0 needs no noise
    noise = NoiseBlocks(rows, logits.shape[1], key)
    blocks = ((block, None) for block in noise.blocks) if temperature_is_zero(temperature) else noise
    for block, log_exponential in blocks:
        clean = logits[block].to(precision)
        if log_exponential is None:
            ids[block] = clean.argmax(-1)
        else:
            ids[block] = torch.sub(clean, log_exponential.mul_(temperature)).argmax(-1)
        log_p[block] = clean.gather(1, ids[block, None])[:, 0] - clean.logsumexp(-1)
    return ids, log_p


def temperature_is_zero(temperature: float | Tensor) -> bool:
    """Whether it is a plain 0; what a tensor on a GPU holds is not asked, for that would stop the GPU."""
    return not isinstance(temperature, Tensor) and temperature == 0

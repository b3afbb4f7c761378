"""What every training run shares: a time box, averaged weights, exact resumption, a log."""

from __future__ import annotations

import copy
import ctypes
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from phenaki.checkpoint import load_part
from phenaki.errors import CheckpointError
from phenaki.training.workers import Workers

SAVE_EVERY = 240.0  # seconds


def keep_freed_memory() -> None:
    """Let glibc keep large blocks for the next step instead of returning them to the system after each use.

    On two CPU cores a step of the tokenizer takes 1.24 s with it and 1.87 s without. Does nothing elsewhere.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(-4, 0)  # M_MMAP_MAX: large blocks come from the heap
        libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD: the heap does not shrink


class Stateful(Protocol):
    """What can be put down and taken up again, such as a network or an optimiser."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> Any: ...


class Run:
    """One time-boxed stretch of training in a folder, which a later stretch can go on from.

    Muon (a momentum method that makes each update of a matrix orthogonal) learns faster than AdamW on transformers;
    convolutions, embeddings and vectors always go to AdamW. The learning rate is constant, with a warm-up at the very
    start and a straight cool-down at the end of each stretch; what is kept is the moving average of the weights.
    Under ``torchrun`` the processes average their gradients, and the first one logs and saves.
    """

    def __init__(
        self, model: nn.Module, folder: Path, part: str, *, minutes: float, lr: float, resume: bool, seed: int = 0,
        ema_decay: float = 0.999, warm_up: int = 100, cool_down: float = 0.3, weight_decay: float = 0.01,
        muon: bool = False, max_steps: int | None = None,
    ) -> None:  # fmt: skip
        self.model, self.folder, self.part, self.seed = model, folder, part, seed
        self.workers = Workers.join()
        self.lr, self.warm_up, self.cool_down, self.ema_decay = lr, warm_up, cool_down, ema_decay
        self.optimizers = _optimizers(model, lr, weight_decay, muon)
        self.ema = copy.deepcopy(model).eval().requires_grad_(False)
        self.step, self.trained_seconds = 0, 0.0
        self.facts: dict[str, Any] = {}  # what a stage must remember, such as whether the codebook is initialised
        self._kept: dict[str, Stateful] = {}
        self._found: dict[str, Any] = {}  # states of what an earlier stretch kept
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(seed)
        if resume:
            self._load()
        self.first_step = self.step
        self.seconds, self.max_steps = minutes * 60, max_steps
        self.begun = self.last_save = self.last_log = time.monotonic()

    def start_from(self, folder: Path) -> None:
        """Take the weights of a finished model instead of random ones; optimisers start afresh.

        Raises:
            CheckpointError: the folder has no such part, or one of other sizes.
        """
        load_part(self.model, folder, self.part)
        self.ema.load_state_dict(self.model.state_dict())

    def keep(self, name: str, what: Stateful) -> None:
        """Save ``what`` with the run from now on; if an earlier stretch saved it, let it go on from there."""
        self._kept[name] = what
        if name in self._found:
            what.load_state_dict(self._found[name])

    @property
    def progress(self) -> float:
        """Share of this stretch's time, or of its steps if they are limited, that has passed: 0 to 1."""
        time_share = (time.monotonic() - self.begun) / self.seconds
        step_share = (self.step - self.first_step) / self.max_steps if self.max_steps else 0.0
        return self.workers.agree(min(1.0, max(time_share, step_share)))

    @property
    def minutes(self) -> float:
        """Minutes trained in all, earlier stretches included."""
        return (self.trained_seconds + time.monotonic() - self.begun) / 60

    @property
    def going(self) -> bool:
        """Whether there is time for another step."""
        return self.progress < 1.0

    def update(self, loss: torch.Tensor, clip: float = 1.0) -> float:
        """One optimiser step. Returns the norm of the gradient; a step that is not finite is left out."""
        rate = (
            self.lr * min(1.0, (self.step + 1) / self.warm_up) * min(1.0, (1 - self.progress) / self.cool_down + 0.01)
        )
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        self.workers.average_gradients(self.model)
        norm = float(nn.utils.clip_grad_norm_(self.model.parameters(), clip))
        if norm < float("inf"):  # False for NaN too
            for optimizer in self.optimizers:
                optimizer.step()
        self.step += 1
        self._average()
        return norm

    def log(self, every: float = 20.0, **values: float) -> None:
        """Write a line to ``metrics.jsonl`` and the screen, at most once in ``every`` seconds."""
        now = time.monotonic()
        if now - self.last_log < every or not self.workers.leads:
            return
        self.last_log = now
        elapsed = now - self.begun
        row = {
            "part": self.part, "step": self.step, "minutes": round(self.minutes, 2),
            "steps_per_second": round((self.step - self.first_step) / elapsed, 3),
        } | {k: round(float(v), 4) for k, v in values.items()}  # fmt: skip
        with (self.folder / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")
        left = max(0.0, self.seconds - elapsed) / 60
        words = [f"{k}={v}" for k, v in row.items()]
        sys.stderr.write(" ".join([*words, f"left={left:.1f}min"]) + "\n")
        sys.stderr.flush()

    @property
    def due(self) -> bool:
        """Whether it is time to save."""
        return bool(self.workers.agree(time.monotonic() - self.last_save > SAVE_EVERY))

    def save(self) -> None:
        """Write everything that resuming needs, all or nothing."""
        self.last_save = time.monotonic()
        if not self.workers.leads:
            return
        state = {
            "model": self.model.state_dict(), "ema": self.ema.state_dict(),
            "optimizers": [o.state_dict() for o in self.optimizers],
            "step": self.step, "seconds": self.minutes * 60, "facts": self.facts, "rng": torch.get_rng_state(),
            "kept": {name: what.state_dict() for name, what in self._kept.items()},
        }  # fmt: skip
        temporary = self.folder / f".{self.part}.state.part"
        torch.save(state, temporary)
        os.replace(temporary, self._state_file)

    @property
    def _state_file(self) -> Path:
        return self.folder / f"{self.part}.state.pt"

    def _load(self) -> None:
        if not self._state_file.is_file():
            raise CheckpointError(
                f"There is nothing to resume: {self._state_file} is missing. Train without --resume first."
            )
        state = torch.load(self._state_file, map_location="cpu", weights_only=True)
        try:
            self.model.load_state_dict(state["model"])
            self.ema.load_state_dict(state["ema"])
            for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(saved)
        except (RuntimeError, ValueError, KeyError) as error:
            raise CheckpointError(
                f"{self._state_file} belongs to a model of other sizes ({str(error)[:120]})."
            ) from None
        self.step, self.trained_seconds, self.facts = state["step"], state["seconds"], state["facts"]
        self._found = state.get("kept", {})
        torch.set_rng_state(state["rng"])

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.ema_decay, (1 + self.step) / (10 + self.step))
        for mean, value in zip(self.ema.parameters(), self.model.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)
        for mean, value in zip(self.ema.buffers(), self.model.buffers(), strict=True):
            mean.copy_(value)


def _optimizers(model: nn.Module, lr: float, weight_decay: float, muon: bool) -> list[torch.optim.Optimizer]:
    """AdamW for all parameters, or for those that are not matrices of the layers, which are left to Muon."""
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

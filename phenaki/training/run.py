"""What every training run shares: a time box, averaged weights, exact resumption, and what to do when it goes wrong."""

from __future__ import annotations

import copy
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import torch
from torch import nn

from phenaki.checkpoint import load_part
from phenaki.errors import CheckpointError, TrainingError
from phenaki.training.engine import Engine, forget_activations
from phenaki.training.journal import Journal
from phenaki.training.optimizers import make_optimizers
from phenaki.training.workers import Workers

if TYPE_CHECKING:
    from phenaki.training.sharding import ShardedModel

SAVE_EVERY = 240.0  # seconds
MOST_BAD_STEPS = 20  # in a row that are not finite, before the run gives up
T = TypeVar("T")


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


def is_finished(folder: Path, part: str) -> tuple[bool, float]:
    """Whether the last stretch of a training came to its end, and how many seconds of it have passed if it did not."""
    file = folder / f"{part}.state.pt"
    if not file.is_file():
        return False, 0.0
    stretch = torch.load(file, map_location="cpu", weights_only=True, mmap=True).get("stretch")
    return (True, 0.0) if stretch is None else (False, stretch["seconds"])


class Stateful(Protocol):
    """What can be put down and taken up again, such as a network or an optimiser."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> Any: ...


class Run:
    """One time-boxed stretch of training in a folder, which a later stretch can go on from.

    The learning rate is constant, with a warm-up at the very start and a straight cool-down at the end of each stretch;
    what is kept is the moving average of the weights. A stretch that was stopped before its end (by a signal, by
    ``stage_minutes``, by the end of the machine) is finished when it is resumed: ``minutes`` and ``max_steps`` then say
    how much of it is left, and steps come out as if it had never been stopped.

    As a context (``with run:``) it saves on SIGINT and SIGTERM before it ends, and says in a sentence when memory ran
    out. Under ``torchrun`` the processes average their gradients, and the first one logs and saves.
    """

    def __init__(
        self, model: nn.Module, folder: Path, part: str, *, minutes: float, lr: float, resume: bool, seed: int = 0,
        ema_decay: float = 0.999, warm_up: int = 100, cool_down: float = 0.3, weight_decay: float = 0.01,
        muon: bool = False, max_steps: int | None = None, engine: Engine | None = None,
    ) -> None:  # fmt: skip
        """``model`` is where it is to be trained: its device is that of the run."""
        self.model, self.folder, self.part, self.seed = model, folder, part, seed
        self.engine = engine or Engine()
        self.device = next(model.parameters()).device
        self.workers = Workers.join(self.device)
        self.lr, self.warm_up, self.cool_down, self.ema_decay = lr, warm_up, cool_down, ema_decay
        self.ema = copy.deepcopy(model).eval().requires_grad_(False)
        if self.engine.checkpointing:
            forget_activations(model)
        self._sharded = self._shard() if self.engine.fsdp else None
        self.optimizers = make_optimizers(model, lr, weight_decay, muon)
        self.step, self.trained_seconds = 0, 0.0
        self.facts: dict[str, Any] = {}  # what a stage must remember, such as whether the codebook is initialised
        self.bad_steps = 0  # in a row that were not finite
        self._kept: dict[str, Stateful] = {}
        self._found: dict[str, Any] = {}  # states of what an earlier stretch kept
        self._open = False  # whether a step has gradients already
        self._goes_on: bool | None = None
        self._entered = False
        self._signal: int | None = None
        self._handlers: dict[int, Any] = {}
        self._saved_step: int | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.journal = Journal(folder, part)
        torch.manual_seed(seed)
        self.first_step, self._earlier_seconds = 0, 0.0  # of the stretch, which may be a stopped one
        if resume:
            self._load()
        self.seconds, self.max_steps, self.begun_at = minutes * 60, max_steps, self.step
        self.begun = self.last_save = self._last_log = self.last_sheet = time.monotonic()

    def start_from(self, folder: Path) -> None:
        """Take the weights of a finished model instead of random ones; optimisers start afresh.

        Raises:
            CheckpointError: the folder has no such part, or one of other sizes.
        """
        load_part(self.ema, folder, self.part)
        self.go_on_from_averages()

    def go_on_from_averages(self) -> None:
        """Make the averages the weights that learn on."""
        self._put(self.ema.state_dict(), self.ema.state_dict())

    def keep(self, name: str, what: Stateful) -> None:
        """Save ``what`` with the run from now on; if an earlier stretch saved it, let it go on from there."""
        self._kept[name] = what
        if name in self._found:
            what.load_state_dict(self._found[name])

    @property
    def progress(self) -> float:
        """Share of this stretch's time, or of its steps if they are limited, that has passed: 0 to 1."""
        passed = self._earlier_seconds + time.monotonic() - self.begun
        time_share = passed / (self._earlier_seconds + self.seconds)
        step_share = 0.0
        if self.max_steps is not None:
            step_share = (self.step - self.first_step) / max(1, self.begun_at + self.max_steps - self.first_step)
        return self.workers.agree(min(1.0, max(time_share, step_share)))

    @property
    def minutes(self) -> float:
        """Minutes trained in all, earlier stretches included."""
        return (self.trained_seconds + time.monotonic() - self.begun) / 60

    @property
    def going(self) -> bool:
        """Whether there is time for another step; between two steps the answer stays the same.

        In a context there is always time for a first one, so that many short stages come to an end too.
        """
        if self._goes_on is None:
            pause = self.engine.stage_minutes
            late = pause is not None and time.monotonic() - self.begun > pause * 60
            first = self._entered and self.step == self.begun_at
            stopped = self.workers.any(self._signal is not None or (late and not first))
            self._goes_on = not stopped and (first or self.progress < 1.0)
        return self._goes_on

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """``function(model, *arguments)``; whatever needs the weights of a step must run in here."""
        if self._sharded is not None:
            return self._sharded(function, *arguments)
        return function(self.model, *arguments)

    def add(self, loss: torch.Tensor) -> None:
        """Add the gradient of a part of the batch. The losses of the parts add up to that of the whole."""
        if not self._open:
            for optimizer in self.optimizers:  # a sharded model shows whole weights at this moment, they know its own
                optimizer.zero_grad(set_to_none=True)
            self._open = True
        loss.backward()

    def update(self, loss: torch.Tensor | None = None, clip: float = 1.0) -> float:
        """One optimiser step.

        Args:
            loss: of the batch, or of its last part; None: all of it has been added.
            clip: greatest norm of the gradient.

        Returns:
            The norm of the gradient. A step that is not finite is left out.

        Raises:
            TrainingError: too many steps in a row were not finite.
        """
        rate = (
            self.lr * min(1.0, (self.step + 1) / self.warm_up) * min(1.0, (1 - self.progress) / self.cool_down + 0.01)
        )
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        if loss is not None:
            self.add(loss)
        self._open = False
        if self._sharded is None:
            self.workers.average_gradients(self.model)
        else:
            self.workers.share_buffers(self.model)
        norm = float(self._whole(nn.utils.clip_grad_norm_(self.model.parameters(), clip)))
        finite = norm < float("inf")  # False for NaN too
        if finite:
            for optimizer in self.optimizers:
                optimizer.step()
        self.bad_steps = 0 if finite else self.bad_steps + 1
        self.step += 1
        if finite:
            self._average()
        else:
            self._restore_buffers()
        self._goes_on = None
        if self.bad_steps >= MOST_BAD_STEPS:
            raise TrainingError(
                f"{self.bad_steps} steps in a row were not finite, up to step {self.step}: the training of {self.part} "
                f"has left the rails. {self._what_is_kept()} Use a lower --lr."
            )
        return norm

    def log(self, every: float = 20.0, **values: float) -> None:
        """Write a line to ``metrics.jsonl`` and the screen, at most once in ``every`` seconds."""
        now = time.monotonic()
        if now - self._last_log < every or not self.workers.leads:
            return
        self._last_log = now
        elapsed = now - self.begun
        row = {
            "part": self.part, "step": self.step, "minutes": round(self.minutes, 2),
            "steps_per_second": round((self.step - self.begun_at) / elapsed, 3),
        } | {k: round(float(v), 4) for k, v in values.items()}  # fmt: skip
        if self.bad_steps:
            row["bad_steps"] = self.bad_steps
        self.journal.write(row, left=max(0.0, self.seconds - elapsed) / 60)

    @property
    def due(self) -> bool:
        """Whether it is time to save; never amid steps that are not finite."""
        return bool(self.workers.agree(time.monotonic() - self.last_save > SAVE_EVERY and not self.bad_steps))

    @property
    def sheet_due(self) -> bool:
        """Whether it is time for a picture of what the model makes: now and then, and after a stretch of a minute."""
        if not self.engine.sheet_minutes or not self.workers.leads:
            return False
        wait = 60.0 if not self.going else 60 * self.engine.sheet_minutes
        if time.monotonic() - self.last_sheet < wait:
            return False
        self.last_sheet = time.monotonic()
        return True

    def measured(self, measure: Callable[[Any], Mapping[str, float]]) -> dict[str, float] | None:
        """Where it is time to save, do so, then measure the averaged weights and log what comes out.

        Returns:
            The figures; None at all other times, and in processes that do not lead.
        """
        if not self.due and self.going:
            return None
        self.save()
        if not self.workers.leads:
            return None
        figures = dict(measure(self.ema))
        self._last_log = 0.0
        self.log(**figures)
        return figures

    def provenance(self, facts: Mapping[str, str | int]) -> dict[str, str | int]:
        """What stands in the file of the averaged weights: ``facts`` of what was learned from, step, seed, minutes."""
        return dict(facts) | {"step": self.step, "seed": self.seed, "minutes": f"{self.minutes:.1f}"}

    def save(self) -> None:
        """Write everything that resuming needs, all or nothing.

        Raises:
            TrainingError: the weights are not finite; what was saved before stays.
        """
        self.last_save = time.monotonic()
        if self._sharded is not None:
            self._sharded.write_means(self.ema)
        weights = self._whole(self.model.state_dict())
        states = self._whole([optimizer.state_dict() for optimizer in self.optimizers])
        if not all(bool(t.isfinite().all()) for t in weights.values() if t.is_floating_point()):
            raise TrainingError(
                f"The weights of {self.part} are not finite at step {self.step}. {self._what_is_kept()} "
                "Use a lower --lr."
            )
        finished = self.progress >= 1.0
        if not self.workers.leads:
            return
        state = {
            "model": weights, "ema": self.ema.state_dict(), "optimizers": states,
            "step": self.step, "seconds": self.minutes * 60, "facts": self.facts, "rng": torch.get_rng_state(),
            "kept": {name: what.state_dict() for name, what in self._kept.items()},
            # those that are no part of a checkpoint, such as how often each code is hit
            "buffers": {name: buffer for name, buffer in self.model.named_buffers() if name not in weights},
        }  # fmt: skip
        if not finished:
            passed = self._earlier_seconds + self.last_save - self.begun
            state["stretch"] = {"first_step": self.first_step, "seconds": passed}
        if self.device.type == "cuda":
            state["cuda_rng"] = torch.cuda.get_rng_state(self.device)
        temporary = self.folder / f".{self.part}.state.part"
        torch.save(state, temporary)
        os.replace(temporary, self._state_file)
        self._saved_step = self.step
        self.journal.draw_curves()

    def __enter__(self) -> Run:
        self._entered, self._goes_on = True, None
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._handlers[number] = signal.signal(number, self._note_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore_handlers()
        if error is not None and _is_out_of_memory(error):
            raise TrainingError(
                f"The memory of {self.device} was too small for a step of {self.part}. {self._what_is_kept()} Use a "
                "smaller --batch, with a larger --accumulate to make up for it, or --checkpointing, which takes one "
                "more forward pass."
            ) from error
        if error is None and self._signal == signal.SIGINT:
            raise KeyboardInterrupt
        if error is None and self._signal is not None:
            sys.exit(128 + self._signal)

    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        """End after this step; a second signal does what it always does."""
        self._signal = number
        self._restore_handlers()
        sys.stderr.write("Stopping after this step, to save. Once more to stop at once.\n")

    def _restore_handlers(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers = {}

    def _what_is_kept(self) -> str:
        if self._saved_step is None:
            return "Nothing was saved yet."
        return f"{self._state_file} keeps what was saved at step {self._saved_step}; --resume goes on from there."

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
            self._put(state["model"], state["ema"])
            for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(saved)
        except (RuntimeError, ValueError, KeyError) as error:
            raise CheckpointError(
                f"{self._state_file} belongs to a model of other sizes ({str(error)[:120]})."
            ) from None
        if self._sharded is not None:
            from phenaki.training.sharding import share_out

            for optimizer in self.optimizers:
                share_out(optimizer)
        self.step, self.trained_seconds, self.facts = state["step"], state["seconds"], state["facts"]
        stretch = state.get("stretch", {"first_step": self.step, "seconds": 0.0})
        self.first_step, self._earlier_seconds = stretch["first_step"], stretch["seconds"]
        self._found, self._saved_step = state.get("kept", {}), self.step
        for module in (self.model, self.ema):
            for name, buffer in module.named_buffers():
                if name in state.get("buffers", {}):
                    buffer.copy_(state["buffers"][name])
        torch.set_rng_state(state["rng"])
        if self.device.type == "cuda" and "cuda_rng" in state:
            torch.cuda.set_rng_state(state["cuda_rng"], self.device)

    def _put(self, weights: dict[str, torch.Tensor], means: dict[str, torch.Tensor]) -> None:
        """Take whole weights and averages."""
        self.ema.load_state_dict(means)
        if self._sharded is not None:
            self._sharded.read(weights, means)
        else:
            self.model.load_state_dict(weights)

    def _shard(self) -> ShardedModel:
        from phenaki.training.sharding import ShardedModel

        if not self.workers.leads:
            self.ema.to("cpu")  # only the leader measures
        return ShardedModel(self.model, self.workers)

    def _whole(self, value: T) -> T:
        """The same with tensors that are shared out put together."""
        if self._sharded is None:
            return value
        from phenaki.training.sharding import whole

        return whole(value)

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.ema_decay, (1 + self.step) / (10 + self.step))
        if self._sharded is not None:
            return self._sharded.average(decay)
        for mean, value in zip(self.ema.parameters(), self.model.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)
        for mean, value in zip(self.ema.buffers(), self.model.buffers(), strict=True):
            mean.copy_(value)
        return None

    @torch.no_grad()
    def _restore_buffers(self) -> None:
        """What moves in the forward pass, as codebooks do, is as it was before the step."""
        if self._sharded is None:
            for mean, value in zip(self.ema.buffers(), self.model.buffers(), strict=True):
                value.copy_(mean)


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether it says that memory ran out; on a CPU torch has no error of its own for that."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )

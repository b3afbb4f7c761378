"""Each training keeps a step's tensors on its device: tried on a GPU that is only pretended, so that none is needed.

Tensors that were sent to it compute on the CPU, but say that they are elsewhere. An operation on tensors of both places
fails, as it would with a real GPU, and so does reading one without ``.cpu()``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from phenaki.checkpoint import save_config
from phenaki.config import preset
from phenaki.training import cvivit, pairs
from phenaki.training.ahead import Ahead
from phenaki.training.critic import train_critic
from phenaki.training.cvivit import train_cvivit
from phenaki.training.engine import Engine
from phenaki.training.judge import train_judge
from phenaki.training.losses import LossWeights
from phenaki.training.maskgit import train_maskgit
from phenaki.training.source import RenderedWorld
from phenaki.training.tokens import make_chunk
from phenaki.training.upsampler import LossWeights as UpsamplerLosses
from phenaki.training.upsampler import train_upsampler
from phenaki.upsampler import UpsamplerConfig
from phenaki.world.parts import FULL

GPU = torch.device("cuda:0")
READS = (Tensor.numpy, Tensor.__array__)
BETWEEN = (Tensor.to, Tensor.copy_, Tensor.cpu, torch.Tensor.data.__set__, Tensor.type, Tensor.grad.__set__)
INDEXED = (Tensor.__getitem__, torch.bincount)


class PretendedGpu(TorchFunctionMode):
    """Within it, ``device="cuda:0"`` means the pretended one. Operations inside one of torch's own are not seen."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        own = list(tensors((args, kwargs)))
        there = [t for t in own if is_there(t)]
        if function == Tensor.device.__get__:
            return GPU if there else function(*args)
        if function == Tensor.is_cuda.__get__:
            return False  # the choice of kernels goes by it
        if function in READS and there:
            raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu()")
        if function == Tensor.data.__set__:
            function(*args)
            mark(args[0], is_there(args[1]))
            return None
        if function == Tensor.grad.__get__:
            result = function(*args)
            return result if result is None else mark(result, bool(there))
        if function == Tensor.__deepcopy__:
            return mark(function(*args), is_there(args[0]))
        if function == Tensor.cpu:
            return mark(args[0].detach().clone(), False)
        place, args, kwargs = wanted(args, kwargs)
        if place is not None:
            return mark_all(function(*args, **kwargs) if not alone(function, args) else args[0].clone(), place)
        if function not in BETWEEN:
            check(function, args, own, there)
        return mark_all(function(*args, **kwargs), bool(there), keep=function in (Tensor.copy_,))


def check(function: Callable[..., Any], args: tuple, own: list[Tensor], there: list[Tensor]) -> None:
    """Fail if the tensors are in both places; numbers without axes may be anywhere, an index may be on the CPU."""
    large = [t for t in own if t.ndim]
    if function in (Tensor.__getitem__, Tensor.__setitem__) and is_there(args[0]):
        large = [t for t in large if not (t.dtype in (torch.int64, torch.bool) and not is_there(t))]
    if len({is_there(t) for t in large}) > 1:
        shapes = [(tuple(t.shape), "cuda:0" if is_there(t) else "cpu") for t in large]
        raise RuntimeError(f"Expected all tensors on one device in {getattr(function, '__name__', function)}: {shapes}")


def wanted(args: tuple, kwargs: dict) -> tuple[bool | None, tuple, dict]:
    """Whether a place is named, and the call without it."""
    place = None
    if kwargs.get("device") is not None:
        place = torch.device(kwargs["device"]).type == "cuda"
        kwargs["device"] = "cpu"
    for i, value in enumerate(args[1:], start=1):
        if isinstance(value, torch.device) or (isinstance(value, str) and value.startswith(("cpu", "cuda"))):
            place = torch.device(value).type == "cuda"
            args = (*args[:i], torch.device("cpu"), *args[i + 1 :])
    return place, args, kwargs


def alone(function: Callable[..., Any], args: tuple) -> bool:
    """Whether ``to`` would hand back the tensor itself, which must not change its place."""
    return function == Tensor.to and len(args) == 2 and args[1] == torch.device("cpu")


def tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors(item)
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))


def is_there(tensor: Tensor) -> bool:
    return getattr(tensor, "_is_there", False)


def mark(tensor: Tensor, there: bool) -> Tensor:
    tensor._is_there = there  # type: ignore[attr-defined]
    return tensor


def mark_all(result: Any, there: bool, *, keep: bool = False) -> Any:
    if not keep:
        for tensor in tensors(result):
            mark(tensor, there)
    return result


pytestmark = pytest.mark.filterwarnings("ignore:CUDA is not available")
CONFIG = preset("tiny")
# second subjects, streams and weather, but few pictures to draw
PART = replace(FULL, subjects=FULL.subjects[:12], still_subjects=(), scenes=FULL.scenes[:2], styles=("toy",), layouts=1)
SOURCE = RenderedWorld(PART)
ENGINE = Engine(device="cuda:0", sheet_minutes=0.0, accumulate=2)
ONCE = {"minutes": 1e6, "max_steps": 1}


@contextmanager
def at_once(make: Callable[[int], Any], device: torch.device) -> Iterator[Ahead]:
    """The thread that makes data ahead would be outside of the pretence."""
    yield Ahead(make, None)


def few_samples(config, cvivit, text, size, seed, source):
    return make_chunk(config, cvivit, text, 16, seed, source)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gpu")


@pytest.fixture(autouse=True)
def pretend(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PHENAKI_KERNELS", "torch")
    monkeypatch.setattr("phenaki.training.workers.find_device", lambda name: torch.device(name))
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: None)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: torch.get_rng_state())
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state, device: None)
    for name in ("cvivit", "maskgit", "critic", "upsampler"):
        monkeypatch.setattr(f"phenaki.training.{name}.ahead", at_once)
    monkeypatch.setattr(cvivit, "TEST_CLIPS", 2)
    for module in ("maskgit", "critic"):
        monkeypatch.setattr(f"phenaki.training.{module}.CHUNK", 16)
        monkeypatch.setattr(f"phenaki.training.{module}.make_chunk", few_samples)
    for name in ("CLIPS", "LEAVES"):
        monkeypatch.setattr(pairs, name, 2)
    copied = torch.nn.Parameter.__deepcopy__
    monkeypatch.setattr(torch.nn.Parameter, "__deepcopy__", lambda self, memo: mark(copied(self, memo), is_there(self)))
    with PretendedGpu():
        yield


def test_the_pretence_finds_what_a_gpu_would() -> None:
    there, here = torch.ones(3, device=GPU), torch.ones(3)
    assert there.device == GPU and (there + there)[:2].device == GPU and here.device.type == "cpu"
    assert here.to(GPU).device == GPU and here.device.type == "cpu" and there.cpu().device.type == "cpu"
    assert (there + torch.tensor(1.0)).device == GPU and there[torch.tensor([0])].device == GPU
    for wrong in (lambda: there + here, lambda: here[there.long()], lambda: torch.cat([there, here])):
        with pytest.raises(RuntimeError, match="one device"):
            wrong()
    with pytest.raises(TypeError, match="cpu"):
        there.numpy()
    layer = torch.nn.Linear(3, 1).to(GPU)
    layer(there).backward()
    assert layer.weight.grad is not None and layer.weight.grad.device == GPU
    with pytest.raises(RuntimeError, match="one device"):
        layer(here)


def test_the_tokenizer_and_all_of_its_losses(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cvivit, "WARM_START", -1.0)
    monkeypatch.setattr("phenaki.training.losses.HEAD_START", 0)
    losses = LossWeights(perceptual=0.1, video_perceptual=0.1, adversarial=0.1)
    train_cvivit(CONFIG, folder, batch=2, losses=losses, engine=ENGINE, source=SOURCE, **ONCE)
    train_cvivit(CONFIG, folder, batch=2, resume=True, decoder_only=True, engine=ENGINE, source=SOURCE, **ONCE)


def test_the_transformer_and_its_critic(folder: Path) -> None:
    train_maskgit(CONFIG, folder, batch=8, engine=ENGINE, source=SOURCE, **ONCE)
    train_maskgit(CONFIG, folder, batch=8, resume=True, engine=ENGINE, source=SOURCE, **ONCE)
    save_config(CONFIG, folder)
    train_critic(folder, batch=8, engine=ENGINE, source=SOURCE, **ONCE)


def test_the_upsampler(folder: Path) -> None:
    small = UpsamplerConfig(channels=(8, 12), blocks=(1, 1), blocks_back=(1,), late_channels=8)
    losses = UpsamplerLosses(0.5, 0.1, 0.01)
    train_upsampler(folder, batch=4, sizes=small, losses=losses, test_clips=1, engine=ENGINE, part=PART, **ONCE)


def test_the_judge(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phenaki.training.judge.STILL_STEPS", 0)
    engine = Engine(device="cuda:0")
    train_judge(folder / "judge", minutes=1e-6, batch=2, stills=2, test=2, part=PART, engine=engine)

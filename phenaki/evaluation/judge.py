"""WorldJudge: a small network that says what a clip of the rendered world shows."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phenaki.checkpoint import CONFIG_FILE, load_part
from phenaki.errors import CheckpointError, ShapeError
from phenaki.world.vocabulary import MOTION_NAMES, SCENE_NAMES, SUBJECT_NAMES, WEATHER_NAMES
from phenaki.world.windows import Window

JUDGE_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "judge"
PART = "judge"
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "subject": SUBJECT_NAMES,
    "scene": SCENE_NAMES,
    "motion": MOTION_NAMES,
    "weather": WEATHER_NAMES,
}

OF_A_FRAME = ("subject", "scene", "weather")  # what a single frame shows


@dataclass(frozen=True)
class ClipFacts:
    """What a clip shows: the truth of a render or a prompt, or the judge's verdict."""

    subject: str
    scene: str
    motion: str  # of the clip's new frames
    weather: str  # of the clip's new frames

    @classmethod
    def of(cls, window: Window) -> ClipFacts:
        """What a window of a story shows."""
        return cls(window.spec.subject, window.spec.scene, window.stage.motion, window.stage.weather)

    def indices(self) -> tuple[int, ...]:
        """The place of each value among its attribute's names, in the order of ``ATTRIBUTES``."""
        return tuple(names.index(getattr(self, attribute)) for attribute, names in ATTRIBUTES.items())


@dataclass(frozen=True)
class JudgeConfig:
    """Sizes of the judge."""

    num_frames: int = 11
    new_frames: int = 6  # of them, at the end: those that go on from an earlier clip
    size: int = 64  # pixels on a side
    channels: tuple[int, ...] = (24, 48, 80, 96)  # from fine to coarse, one halving of the size each
    readout: int = 32  # channels of the coarsest map that each frame's vector is read from
    frame_dim: int = 96  # width of one frame's vector
    dim: int = 128  # width of the clip's vector


class WorldJudge(nn.Module):
    """Convolutions on every frame, in which a part of the channels comes from the frame before and the frame after.

    Source: the temporal shift is TSM's, arXiv 1811.08383.
    """

    def __init__(self, config: JudgeConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or JudgeConfig()
        widths = (3, *config.channels)
        self.stages = nn.ModuleList(Stage(a, b, mixes=a > 3) for a, b in itertools.pairwise(widths))
        side = config.size // 2 ** len(config.channels)
        self.readout = nn.Sequential(nn.Conv2d(config.channels[-1], config.readout, 1), nn.ReLU(), nn.Flatten())
        self.frame = nn.Linear(config.readout * side**2 + 2 * sum(config.channels), config.frame_dim)
        in_order = config.num_frames * config.frame_dim
        # without the norm, the large values of the frames drive every unit of the next layer below zero for good
        self.clip = nn.Sequential(
            nn.Flatten(), nn.LayerNorm(in_order), nn.Dropout(0.1), nn.Linear(in_order, config.dim), nn.GELU()
        )
        self.heads = nn.ModuleDict(
            {
                name: nn.Linear(config.frame_dim if name in OF_A_FRAME else config.dim, len(values))
                for name, values in ATTRIBUTES.items()
            }
        )

    def forward(self, video: Tensor) -> dict[str, Tensor]:
        """Logits of each attribute.

        Args:
            video: (b, 3, f, H, W) float in [-1, 1]; a square picture of another size is resized first. With a single
                frame only the attributes that one frame shows are told.

        Returns:
            For each attribute, (b, number of its values) float32.

        Raises:
            ShapeError: the number of frames is another, or the picture is not square.
        """
        x = self._fit(video)  # (b, 3, f, H, W)
        f = x.shape[2]
        x = x.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)  # (b*f, 3, H, W)
        found = []
        for stage in self.stages:
            x = stage(x, f)  # (b*f, c, H, W), half as high and wide each time
            found += [x.mean((2, 3)), x.amax((2, 3))]  # what is everywhere, like rain, and what is anywhere, like ears
        frames = F.relu(self.frame(torch.cat([self.readout(x), *found], dim=1))).unflatten(0, (-1, f))  # (b, f, d)
        vectors = {name: frames.mean(1) for name in OF_A_FRAME}
        vectors["weather"] = frames[:, -self.config.new_frames :].mean(1)  # it may change with the stage
        if f > 1:
            vectors["motion"] = self.clip(frames)
        return {name: self.heads[name](vectors[name]).float() for name in ATTRIBUTES if name in vectors}

    @torch.inference_mode()
    def judge(self, video: Tensor, *, batch: int = 16) -> list[ClipFacts]:
        """What each clip shows, by the likeliest value of each attribute; arguments as for ``forward``."""
        self.eval()
        verdicts = []
        for part in video.split(batch):
            best = [logits.argmax(1).tolist() for logits in self(part).values()]
            for row in zip(*best, strict=True):
                verdicts.append(ClipFacts(*(names[i] for names, i in zip(ATTRIBUTES.values(), row, strict=True))))
        return verdicts

    def _fit(self, video: Tensor) -> Tensor:
        f, size = self.config.num_frames, self.config.size
        known = video.ndim == 5 and video.shape[1] == 3 and video.shape[2] in (1, f)
        if not known or video.shape[-1] != video.shape[-2]:
            raise ShapeError(
                f"The judge was given a video of shape {tuple(video.shape)}; it takes (b, 3, {f}, size, size). "
                f"Give it clips of {f} frames with square pictures."
            )
        if video.shape[-1] == size:
            return video
        small = F.interpolate(
            video.flatten(1, 2), size=(size, size), mode="bilinear", antialias=True, align_corners=False
        )
        return small.unflatten(1, (3, -1))


class Stage(nn.Module):
    """Half the height and width, more channels, and then perhaps frames that see each other; (b*f, c, H, W)."""

    def __init__(self, narrow: int, wide: int, *, mixes: bool) -> None:
        super().__init__()
        self.down = nn.Conv2d(narrow, wide, 4, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(wide)
        self.mix = ShiftBlock(wide) if mixes else None

    def forward(self, x: Tensor, num_frames: int) -> Tensor:
        x = F.relu(self.norm(self.down(x)))
        return self.mix(x, num_frames) if self.mix is not None else x


class ShiftBlock(nn.Module):
    """Two convolutions around which the input is carried; (b*f, c, H, W) -> same.

    Before them a quarter of the channels moves on by one frame, and another quarter back by one; what has no frame
    to move in from stays.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor, num_frames: int) -> Tensor:
        y = F.relu(self.first_norm(self.first(shift_frames(x, num_frames))))
        return F.relu(x + self.second_norm(self.second(y)))


def shift_frames(x: Tensor, num_frames: int) -> Tensor:
    """Move channels between the frames of clips, (b*f, c, H, W) -> same; see ``ShiftBlock``."""
    if num_frames == 1:
        return x
    part = x.shape[1] // 4
    frames = x.unflatten(0, (-1, num_frames))  # (b, f, c, H, W)
    later = torch.cat([frames[:, :1, :part], frames[:, :-1, :part]], dim=1)
    sooner = torch.cat([frames[:, 1:, part : 2 * part], frames[:, -1:, part : 2 * part]], dim=1)
    shifted = torch.cat([later, sooner, frames[:, :, 2 * part :]], dim=2).flatten(0, 1)
    return shifted.contiguous(memory_format=torch.channels_last)


def count_right(verdicts: Sequence[ClipFacts], truths: Sequence[ClipFacts]) -> dict[str, int]:
    """How many clips are judged right in each attribute, and under "all right" in all of them."""
    pairs = list(zip(verdicts, truths, strict=True))
    right = {name: sum(getattr(a, name) == getattr(b, name) for a, b in pairs) for name in ATTRIBUTES}
    return right | {"all right": sum(a == b for a, b in pairs)}


def save_judge_config(config: JudgeConfig, folder: Path) -> None:
    """Write ``config.json``: the sizes, and the names that the logits stand for."""
    folder.mkdir(parents=True, exist_ok=True)
    data = {"sizes": dataclasses.asdict(config), "attributes": {k: list(v) for k, v in ATTRIBUTES.items()}}
    (folder / CONFIG_FILE).write_text(json.dumps(data, indent=1) + "\n")


def load_judge(folder: Path = JUDGE_FOLDER) -> WorldJudge:
    """The judge that comes with this program, or one trained by ``python -m phenaki.training.judge``.

    Raises:
        CheckpointError: the folder holds no judge, or one of a world with other names.
    """
    path = folder / CONFIG_FILE
    try:
        data = json.loads(path.read_text())
        known = {name: tuple(values) for name, values in data["attributes"].items()}
        config = JudgeConfig(**(data["sizes"] | {"channels": tuple(data["sizes"]["channels"])}))
    except OSError:
        raise CheckpointError(f"{folder} holds no judge: {path.name} is missing. Check the path.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} does not describe a judge ({error!r:.120}). Copy the folder again.") from None
    if known != ATTRIBUTES:
        raise CheckpointError(f"{folder} judges a world with other names. Train a judge for this one.")
    judge = WorldJudge(config)
    load_part(judge, folder, PART)
    return judge.eval().requires_grad_(False)

"""WorldJudge: a small network that says what a clip of the rendered world shows."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phenaki.checkpoint import CONFIG_FILE, load_part
from phenaki.errors import CheckpointError, ConfigError, ShapeError
from phenaki.evaluation.facts import ClipFacts, attributes_of
from phenaki.shapes import ClipShape
from phenaki.world.parts import CORE, WorldPart

JUDGE_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "judge"
PART = "judge"
OF_A_FRAME = ("subject", "scene", "weather", "style", "colour", "relation", "second")  # what a single frame shows


@dataclass(frozen=True)
class JudgeConfig:
    """Sizes of the judge."""

    num_frames: int = 11
    new_frames: int = 6  # of them, at the end: those of what is judged, where a film goes on
    size: int = 64  # pixels on a side
    channels: tuple[int, ...] = (24, 48, 80, 96)  # from fine to coarse, one halving of the size each
    readout: int = 32  # channels of the coarsest map that each frame's vector is read from
    frame_dim: int = 96  # width of one frame's vector
    dim: int = 128  # width of the clip's vector

    @property
    def clip(self) -> ClipShape:
        """The stretches of films that it judges, whatever the clips are that a film is made of."""
        return ClipShape(clip_frames=self.num_frames, prime_frames=self.num_frames - self.new_frames)

    @classmethod
    def for_part(cls, part: WorldPart) -> JudgeConfig:
        """The default sizes, or larger ones for a part with more to tell."""
        if len(attributes_of(part)) <= 4 and len(part.subjects) <= 60:
            return cls()
        return cls(channels=(32, 64, 112, 144), readout=48, frame_dim=192, dim=256)


class WorldJudge(nn.Module):
    """Convolutions on every frame, in which a part of the channels comes from the frame before and the frame after.

    Source: the temporal shift is TSM's, arXiv 1811.08383.
    """

    def __init__(self, config: JudgeConfig | None = None, part: WorldPart = CORE) -> None:
        super().__init__()
        self.part, self.attributes = part, attributes_of(part)
        self.config = config = config or JudgeConfig.for_part(part)
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
                for name, values in self.attributes.items()
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
        frames, clip = self.vectors(video)
        told = {name: frames.mean(1) for name in OF_A_FRAME}
        told["weather"] = frames[:, -self.config.new_frames :].mean(1)  # it may change with the stage
        if clip is not None:
            told |= {name: clip for name in self.attributes if name not in OF_A_FRAME}
        return {name: self.heads[name](told[name]).float() for name in self.attributes if name in told}

    def vectors(self, video: Tensor) -> tuple[Tensor, Tensor | None]:
        """What the heads read; argument and error as for ``forward``.

        Returns:
            frames: (b, f, frame_dim), 0 or more.
            clip: (b, dim); None of a single frame.
        """
        x = self._fit(video)  # (b, 3, f, H, W)
        f = x.shape[2]
        x = x.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)  # (b*f, 3, H, W)
        found = []
        for stage in self.stages:
            x = stage(x, f)  # (b*f, c, H, W), half as high and wide each time
            found += [x.mean((2, 3)), x.amax((2, 3))]  # what is everywhere, like rain, and what is anywhere, like ears
        frames = F.relu(self.frame(torch.cat([self.readout(x), *found], dim=1))).unflatten(0, (-1, f))  # (b, f, d)
        return frames, self.clip(frames) if f > 1 else None

    @torch.inference_mode()
    def judge(self, video: Tensor, *, batch: int = 16) -> list[ClipFacts]:
        """What each clip shows, by the likeliest value of each attribute; arguments as for ``forward``."""
        self.eval()
        only = {"style": self.part.styles[0], "camera": self.part.cameras[0]}  # where there is no other
        verdicts = []
        for part in video.split(batch):
            best = [logits.argmax(1).tolist() for logits in self(part.to(self.frame.weight.device)).values()]
            for row in zip(*best, strict=True):
                told = {name: values[i] for (name, values), i in zip(self.attributes.items(), row, strict=True)}
                verdicts.append(ClipFacts(**(only | told)))
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


def save_judge_config(config: JudgeConfig, folder: Path, part: WorldPart = CORE) -> None:
    """Write ``config.json``: the sizes, the part of the world, and the names that the logits stand for."""
    folder.mkdir(parents=True, exist_ok=True)
    data = {"sizes": dataclasses.asdict(config), "part": dataclasses.asdict(part), "attributes": attributes_of(part)}
    (folder / CONFIG_FILE).write_text(json.dumps(data, indent=1) + "\n")


def load_judge(folder: Path = JUDGE_FOLDER) -> WorldJudge:
    """The judge that comes with this program, or one that ``python -m phenaki train judge`` made.

    Raises:
        CheckpointError: the folder holds no judge, or one of a world with other names.
    """
    path = folder / CONFIG_FILE
    try:
        data = json.loads(path.read_text())
        known = {name: tuple(values) for name, values in data["attributes"].items()}
        config = JudgeConfig(**(data["sizes"] | {"channels": tuple(data["sizes"]["channels"])}))
        part = _part(data["part"]) if "part" in data else CORE  # the first judges name no part
    except OSError:
        raise CheckpointError(f"{folder} holds no judge: {path.name} is missing. Check the path.") from None
    except ConfigError as error:
        raise CheckpointError(f"{folder} judges a world with other names. {error} Train another judge.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} does not describe a judge ({error!r:.120}). Copy the folder again.") from None
    if known != attributes_of(part):
        raise CheckpointError(f"{folder} judges a world with other names. Train a judge for this one.")
    judge = WorldJudge(config, part)
    load_part(judge, folder, PART)
    return judge.eval().requires_grad_(False)


def _part(data: Mapping[str, Any]) -> WorldPart:
    """The part of the world that ``save_judge_config`` has written."""
    return WorldPart(**{name: tuple(v) if isinstance(v, list) else v for name, v in data.items()})

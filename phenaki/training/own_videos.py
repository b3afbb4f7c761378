"""Videos and pictures of one's own as something to learn from.

All are decoded once, to the size and the frame rate of the model, into files that later runs find again. Any stretch of
a video may be a clip; its caption is what is said of the middle of its new frames.
"""

from __future__ import annotations

import copy
import hashlib
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from phenaki.config import ModelConfig
from phenaki.data.captioned import CaptionedFile, find_captioned
from phenaki.errors import MediaError, TimelineError
from phenaki.segment import MAX_PROMPT_CHARS
from phenaki.shapes import ClipShape
from phenaki.text import load_text_encoder
from phenaki.video import frames_to_video, read_footage, read_image
from phenaki.world.render import Rendered

MAX_VIDEO_SECONDS = 600.0  # of each video; the rest is left out
HELD_OUT = 20  # one in so many files is kept from training, by its name; of fewer files, none
MOST_KNOWN_WORDS = 20_000  # who has read more than that knows too many words to list


@dataclass(frozen=True)
class Stretch:
    """Consecutive frames of one file: a ``source.Sample``."""

    file: int  # place in the list of those decoded
    start: int
    num_frames: int
    prime_frames: int
    caption: str

    def earlier(self, count: int) -> Stretch:
        """The same, begun ``count`` frames earlier."""
        return replace(
            self, start=self.start - count, num_frames=self.num_frames + count, prime_frames=self.prime_frames + count
        )


@dataclass(frozen=True)
class _Places:
    """Where clips may begin: of each file, how many places it and those before it have."""

    files: list[int]
    before: int  # frames that a file must have before such a place
    ends: np.ndarray  # (files,)

    @property
    def count(self) -> int:
        """Places in all."""
        return int(self.ends[-1]) if len(self.ends) else 0


class OwnVideos:
    """A folder of captioned videos and pictures: a ``source.Source``.

    Args:
        folder: see ``data.captioned``.
        config: of the model that is to learn from it.
        cache: a folder for what is decoded.
        tell: is given a line now and then; None: stderr.

    Raises:
        MediaError: there is nothing to learn from.
    """

    def __init__(
        self, folder: Path, config: ModelConfig, cache: Path, tell: Callable[[str], object] | None = None
    ) -> None:
        self.folder, self._config = folder, config
        self._tell = tell or (lambda line: sys.stderr.write(line + "\n"))
        found, bare = find_captioned(folder)
        if bare:
            self._tell(f"{len(bare)} files have no caption and are left out, such as {bare[0].name}.")
        found = self._within_reach(found)
        cache.mkdir(parents=True, exist_ok=True)
        self.files, self._decoded, self._lengths = self._decode(found, cache)
        everything = range(len(self.files))
        kept = _held_out([file.path.relative_to(folder).as_posix() for file in self.files])
        self._unseen: OwnVideos | None = None
        self._use([i for i in everything if not kept[i]])
        unseen = copy.copy(self)
        unseen._use([i for i in everything if kept[i]])
        if self._continuations.count and unseen._continuations.count:
            self._unseen = unseen
        else:  # too few are long enough
            self._use(list(everything))
        self._check(config.clip)

    @property
    def facts(self) -> Mapping[str, str | int]:
        """What stands in a checkpoint: how much there was, and no names."""
        pictures = sum(file.is_picture for file in self.files)
        return {
            "data": "own videos", "videos": len(self.files) - pictures, "pictures": pictures,
            "seconds": round((sum(self._lengths) - pictures) / self._config.clip.fps),
        }  # fmt: skip

    @property
    def vocabulary(self) -> Mapping[str, tuple[str, ...]]:
        """Nobody has sorted the words."""
        return {}

    @property
    def known_words(self) -> tuple[str, ...]:
        """Every single word of the captions; none where they are too many to list."""
        words = {word for file in self.files for text in file.texts for word in re.findall(r"[\w-]+", text.lower())}
        return tuple(sorted(words)) if len(words) <= MOST_KNOWN_WORDS else ()

    @property
    def unseen(self) -> OwnVideos:
        """The files that are kept from training; with few files, those that are not."""
        return self._unseen or self

    def opening(self, rng: np.random.Generator, shape: ClipShape) -> Stretch:
        """A stretch as if a film began with it."""
        return self._draw(rng, shape, self._openings, 0)

    def continuation(self, rng: np.random.Generator, shape: ClipShape) -> Stretch:
        """A stretch whose first frames are what came before."""
        return self._draw(rng, shape, self._continuations, shape.prime_frames)

    def still(self, rng: np.random.Generator) -> Stretch:
        """A picture, or a frame of a video: half of the time each, if there are both."""
        some = self._pictures if self._pictures and rng.random() < 0.5 else self._videos
        file = some[int(rng.integers(len(some)))]
        return self._stretch(file, int(rng.integers(self._lengths[file])), 1, 0, rng)

    def held_out(self, shape: ClipShape, count: int) -> list[Stretch]:
        """Openings of ``unseen``."""
        rng = np.random.default_rng(10_000)
        return [self.unseen.opening(rng, shape) for _ in range(count)]

    def pixels(self, samples: Sequence[Stretch], size: int, device: torch.device | str = "cpu") -> Rendered:
        """The frames, of the model's own size; nobody knows where subjects are."""
        files = [np.load(self._decoded[s.file], mmap_mode="r") for s in samples]
        clips = [frames[s.start : s.start + s.num_frames] for s, frames in zip(samples, files, strict=True)]
        video = torch.cat([frames_to_video(np.ascontiguousarray(clip)) for clip in clips]).to(device)
        return Rendered(video, torch.zeros_like(video[:, :1]))

    def story(self, rng: np.random.Generator, shape: ClipShape) -> tuple[str, ...]:
        """What is said of a stretch, and of the one behind it."""
        first = self.opening(rng, shape)
        behind = (first.start + first.num_frames + shape.new_frames / 2) / shape.fps
        return first.caption, self.files[first.file].caption_at(behind, rng)

    def _use(self, files: list[int]) -> None:
        """Draw from these files alone."""
        self._pictures = [i for i in files if self.files[i].is_picture]
        self._videos = [i for i in files if not self.files[i].is_picture]
        self._openings = self._places(0, self._videos)
        self._continuations = self._places(self._config.clip.patch_frames, self._videos)

    def _draw(self, rng: np.random.Generator, shape: ClipShape, places: _Places, prime: int) -> Stretch:
        """A stretch of a clip's length; every one is as likely as any other."""
        place = int(rng.integers(places.count))
        at = int(np.searchsorted(places.ends, place, side="right"))
        start = places.before + place - (int(places.ends[at - 1]) if at else 0)
        return self._stretch(places.files[at], start, shape.clip_frames, prime, rng)

    def _stretch(self, file: int, start: int, frames: int, prime: int, rng: np.random.Generator) -> Stretch:
        middle = (start + prime + (frames - prime) / 2) / self._config.clip.fps
        return Stretch(file, start, frames, prime, self.files[file].caption_at(middle, rng))

    def _places(self, before: int, files: list[int]) -> _Places:
        """Where clips with so many frames before them may begin in these files."""
        lengths = np.array([self._lengths[i] for i in files], int)
        free = np.maximum(0, lengths - before - self._config.clip.clip_frames + 1)
        return _Places(files, before, free.cumsum())

    def _check(self, shape: ClipShape) -> None:
        needed = shape.clip_frames + shape.patch_frames
        if not self._continuations.count:
            raise MediaError(
                f"No video in {self.folder} is long enough: clips take {needed / shape.fps:g} s, and the longest has "
                f"{max(self._lengths) / shape.fps:g} s. Use longer ones."
            )

    def _within_reach(self, files: list[CaptionedFile]) -> list[CaptionedFile]:
        """The same with captions that the text encoder can read: longer ones lose their end."""
        check = load_text_encoder(self._config.text_encoder).check
        count = 0

        def shortened(text: str) -> str:
            nonlocal count
            words, kept = text.split(), text
            while not _is_accepted(kept, check):
                words = words[: len(words) * 9 // 10]
                kept = " ".join(words) or kept[: len(kept) * 9 // 10]  # some languages have no spaces
            count += kept != text
            return kept

        fitted = [
            replace(
                file, captions=tuple(map(shortened, file.captions)),
                cues=tuple(replace(cue, text=shortened(cue.text)) for cue in file.cues),
            )
            for file in files
        ]  # fmt: skip
        if count:
            self._tell(f"{count} captions are longer than a prompt may be, and lose their end.")
        return fitted

    def _decode(self, files: list[CaptionedFile], cache: Path) -> tuple[list[CaptionedFile], list[Path], list[int]]:
        """The files that can be read, where their frames are, and how many these are."""
        kept, decoded, lengths = [], [], []
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # each waits for a decoder of its own
            results = pool.map(lambda file: self._open(file, cache), files)
            for number, (file, result) in enumerate(zip(files, results, strict=True), start=1):
                if isinstance(result, MediaError):
                    self._tell(f"{file.path.name} is left out. {result}")
                    continue
                kept.append(file)
                decoded.append(result)
                lengths.append(len(np.load(result, mmap_mode="r")))
                if number % 100 == 0:
                    self._tell(f"{number} of {len(files)} files are decoded.")
        if not kept:
            raise MediaError(f"None of the {len(files)} files in {self.folder} can be read. See the lines above.")
        return kept, decoded, lengths

    def _open(self, file: CaptionedFile, cache: Path) -> Path | MediaError:
        """A file with its frames, (f, H, W, 3) uint8."""
        size, clip, stat = self._config.cvivit, self._config.clip, file.path.stat()
        name = f"{file.path.resolve()} {stat.st_size} {stat.st_mtime_ns} {size.height} {size.width} {clip.fps}"
        path = cache / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.npy"
        if path.is_file():
            return path
        try:
            if file.is_picture:
                frames = read_image(file.path.read_bytes(), size.height, size.width)[None]
            else:
                frames = read_footage(file.path, size.height, size.width, clip.fps, MAX_VIDEO_SECONDS)
        except MediaError as error:
            return error
        part = path.with_suffix(f".{os.getpid()}")  # another process may be writing the same
        with part.open("wb") as out:
            np.save(out, frames)
        os.replace(part, path)
        return path


def _is_accepted(text: str, check: Callable[[str], None]) -> bool:
    if len(text) > MAX_PROMPT_CHARS:
        return False
    try:
        check(text)
    except TimelineError:
        return False
    return True


def _held_out(names: list[str]) -> list[bool]:
    """Which files are kept from training; a name's answer hardly ever changes when files come and go."""
    if len(names) < HELD_OUT:
        return [False] * len(names)
    numbers = [int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) for name in names]
    return [number % HELD_OUT == 0 or number == min(numbers) for number in numbers]

"""A film as an MP4 or a WebM, with its project inside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from phenaki.project import Project
from phenaki.video.encoder import Encoder
from phenaki.video.ffmpeg import H264, follow_ffmpeg, to_bt709

_VP9 = "-crf 16 -b:v 0 -deadline good -cpu-used 5 -row-mt 1 -fflags +bitexact -flags:v +bitexact".split()
# what the second pass adds: the index moves to the front, so that a film plays while it loads
_CONTAINERS = {"mp4": ["-movflags", "+faststart", "-f", "mp4"], "webm": ["-cues_to_front", "1", "-f", "webm"]}


class MovieWriter:
    """Takes the pictures of a film, then writes the file."""

    share = 0.95  # of the work, that is done when the last picture has been taken

    def __init__(self, path: Path, scratch: Path, kind: str, fps: float, project: Project | None) -> None:
        self._path, self._scratch, self._kind, self._project = path, scratch, kind, project
        self._film = scratch / f"film.{kind}"
        # a key frame every two seconds lets a viewer jump about in a long film
        options = [*to_bt709(), "-g", str(max(1, round(2 * fps)))]
        if kind == "mp4":
            self._encoder = Encoder(self._film, fps, "libx264", "medium", [*options, *H264, "-crf", "14"])
        else:
            self._encoder = Encoder(self._film, fps, "libvpx-vp9", "medium", [*options, *_VP9])

    def write(self, picture: np.ndarray) -> None:
        """Add one picture."""
        self._encoder.write(picture)

    def finish(self) -> Iterator[float]:
        """Write the file; yields the part done of what was left to do."""
        self._encoder.finish()
        yield 0.5
        tags = self._scratch / "tags"
        tags.write_bytes(_tags(self._project))
        # a second pass without re-encoding: it takes a tag of any length
        inputs = ["-i", str(self._film), "-f", "ffmetadata", "-i", str(tags)]
        copy = "-map 0:v -map_metadata 1 -c copy -fflags +bitexact".split()
        arguments = [*inputs, *copy, *_CONTAINERS[self._kind], str(self._path)]
        for part in follow_ffmpeg(arguments, self._encoder.num_frames):
            yield 0.5 + 0.5 * part

    def close(self) -> None:
        """End what still runs."""
        self._encoder.close()


def _tags(project: Project | None) -> bytes:
    """A metadata file for ffmpeg with the project in its comment tag."""
    if project is None:
        return b";FFMETADATA1\n"
    text = project.to_json()
    for special in "\\=;#\n":  # the backslash first, or it would escape the others' escapes
        text = text.replace(special, "\\" + special)
    return f";FFMETADATA1\ncomment={text}\n".encode()

"""Make the films of the example stories: ``python -m demo.make_examples [--seed N] [story ...]``.

Each story (a JSON file; by default all in ``demo/stories``) becomes a folder that ``demo/examples.py`` reads.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from demo.examples import weights_of
from demo.settings import STORIES, AppSettings
from demo.store import write_thumbnail
from phenaki import FramesReady, Phenaki, PhenakiError, pack_frames, read_project, write_clip

POSTER_PIXELS = 256


def make_example(model: Phenaki, story: Path, folder: Path, *, seed: int | None = None) -> int:
    """Film one story into ``folder``, which is replaced; returns the number of frames."""
    project = read_project(story)
    timeline = project.timeline.fit(model.clip)
    if seed is not None:
        timeline = replace(timeline, seed=seed)
    project = replace(project, timeline=timeline, model=model.config.name, sampling=model.config.sampling)
    events = model.generate(timeline, project.sampling)
    clips = [event for event in events if isinstance(event, FramesReady)]

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, clip in enumerate(clips):
        stem = folder / f"{number:03d}"
        stem.with_suffix(".frames").write_bytes(pack_frames(clip.frames))
        with stem.with_suffix(".end").open("wb") as file:
            np.save(file, clip.end_token_ids, allow_pickle=False)
        large = model.enlarge(clip.frames)
        write_thumbnail(large, stem.with_suffix(".webp"))
        write_clip(large, stem.with_suffix(".mp4"), model.clip.fps, size=AppSettings().clip_size)
    middle = model.enlarge(clips[len(clips) // 2].frames)[-1]
    poster = Image.fromarray(middle).resize((POSTER_PIXELS, POSTER_PIXELS), Image.Resampling.BICUBIC)
    poster.save(folder / "poster.webp", quality=85)
    (folder / "project.json").write_text(project.to_json() + "\n", encoding="utf-8")
    (folder / "weights.txt").write_text(weights_of(model) + "\n")
    return sum(len(clip.frames) for clip in clips)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo.make_examples", description="Film the example stories.")
    parser.add_argument("stories", nargs="*", type=Path, help="story files; all in demo/stories when none is named")
    parser.add_argument("--model", default="toy-64", help="a shipped model or a folder of weights")
    parser.add_argument("--preset", help="random weights of this size instead, to try the command")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seed", type=int, help="film seed; by default the story's own")
    parser.add_argument("--output", type=Path, default=AppSettings().examples, help="folder for the example folders")
    options = parser.parse_args(arguments)
    try:
        if options.preset:
            model = Phenaki.from_preset(options.preset, seed=0)
        else:
            model = Phenaki.from_pretrained(options.model, device=options.device)
        for story in options.stories or sorted(STORIES.glob("*.json")):
            folder = options.output / story.stem
            num_frames = make_example(model, story, folder, seed=options.seed)
            print(f"{folder}: {num_frames} frames")
    except PhenakiError as error:
        print(f"make_examples: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The command line: ``python -m phenaki generate | export | train | evaluate | render-world``."""

from __future__ import annotations

import argparse
import dataclasses
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tqdm import tqdm

from phenaki.cli_export import add_export_command, add_export_options, check_size, export_config, write_film
from phenaki.cli_train import add_train_command
from phenaki.config import SamplingConfig
from phenaki.errors import PhenakiError
from phenaki.events import FramesReady, SegmentStarted, TokensRefined
from phenaki.pipeline import Phenaki
from phenaki.project import Project
from phenaki.segment import Segment
from phenaki.timeline import Timeline
from phenaki.video import pack_frames, read_footage, read_project


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0, or 2 after a mistake of the caller's, which is told in a sentence."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except PhenakiError as error:
        print(f"phenaki: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"phenaki: {error.filename or 'a file'}: {error.strerror}. Check the path.", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m phenaki", description="Films of any length from a story.")
    commands = parser.add_subparsers(required=True, metavar="command")

    generate = commands.add_parser("generate", help="make a film from a story file or from prompts")
    generate.add_argument("story", nargs="?", type=Path, help="a project: .json, or a film made by this program")
    generate.add_argument("-p", "--prompt", action="append", default=[], help="a prompt; repeat it for a longer story")
    generate.add_argument("--seconds", type=float, default=2.0, help="length of each -p segment (default: %(default)s)")
    generate.add_argument(
        "-o", "--output", type=Path, default=Path("film.mp4"), help=".mp4, .webm, .gif or .zip (default: %(default)s)"
    )
    add_export_options(generate)
    generate.add_argument("--image", type=Path, help="a picture that the first segment begins with")
    generate.add_argument("--video", type=Path, help="a video that the film begins with (its first 8 seconds)")
    generate.add_argument("--model", help="a folder of weights or a shipped model (default: the story's, or toy-64)")
    generate.add_argument("--seed", type=int, help="default: the story's, or a random one, which is printed")
    generate.add_argument("--device", default="auto", help="cpu, cuda or auto (default)")
    generate.add_argument("--precision", default="auto", help="float32, bfloat16, float16 or auto (default)")
    _add_sampling(generate)
    generate.set_defaults(run=_generate)

    add_export_command(commands)

    add_train_command(commands)

    evaluate = commands.add_parser("evaluate", help="measure how well a model does what prompts say")
    evaluate.add_argument("--model", default="toy-64", help="a folder of weights or a shipped model")
    evaluate.add_argument("--prompts", type=int, default=256, help="clips to judge (default: %(default)s)")
    evaluate.add_argument("--held-out", type=int, help="and clips of pairs never trained on (default: a quarter)")
    evaluate.add_argument("--paraphrases", type=int, help="and clips of words never trained on (default: a quarter)")
    evaluate.add_argument("--stories", type=int, default=64, help="two-segment stories to judge (default: %(default)s)")
    evaluate.add_argument("--long-stories", type=int, help="and of three to five (default: a quarter)")
    evaluate.add_argument("--renders", type=int, default=256, help="renders for the ceilings (default: %(default)s)")
    evaluate.add_argument(
        "--compared", type=int, default=256,
        help="clips to compare with renders: alignment, FID, KID, FVD (default: %(default)s; 0 = none)",
    )  # fmt: skip
    evaluate.add_argument("--judge", type=Path, help="a folder with a judge (default: the model's own, or the shipped)")
    evaluate.add_argument("--seed", type=int, default=0, help="of prompts and samples (default: %(default)s)")
    evaluate.add_argument("--json", type=Path, help="write the figures here too")
    evaluate.add_argument("--sheet", type=Path, help="write a contact sheet of 32 samples here (.webp, .png)")
    evaluate.add_argument("--device", default="auto", help="cpu, cuda or auto (default)")
    evaluate.add_argument("--precision", default="auto", help="float32, bfloat16, float16 or auto (default)")
    _add_sampling(evaluate)
    evaluate.set_defaults(run=_evaluate)

    world = commands.add_parser("render-world", help="a contact sheet of random stories of the world")
    world.add_argument("-o", "--output", type=Path, default=Path("world.png"), help="default: %(default)s")
    world.add_argument("--count", type=int, default=12, help="stories (default: %(default)s)")
    world.add_argument("--size", type=int, default=64, help="pixels on a side (default: %(default)s)")
    world.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    world.set_defaults(run=_render_world)
    return parser


def _add_sampling(parser: argparse.ArgumentParser) -> None:
    """Options of ``SamplingConfig``; those not given keep the story's or the model's value."""
    parser.add_argument("--steps", type=int, dest="num_inference_steps", help="refinement steps for each clip")
    parser.add_argument("--guidance", type=float, dest="guidance_scale", help="weight of the prompt; 1 = no guidance")
    parser.add_argument("--temperature", type=float, help="softness of the token draw")
    parser.add_argument("--choice-temperature", type=float, help="noise on the order in which tokens are kept")


def _sampling(arguments: argparse.Namespace, base: SamplingConfig) -> SamplingConfig:
    """``base`` with the options that were given."""
    names = [f.name for f in dataclasses.fields(SamplingConfig)]
    given = {n: getattr(arguments, n) for n in names if getattr(arguments, n) is not None}
    return dataclasses.replace(base, **given)


def _generate(arguments: argparse.Namespace) -> None:
    export_config(arguments)  # a mistake there is told before the work, not after it
    story = _read_story(arguments)
    name = arguments.model or (story.model if story else "toy-64")
    model = Phenaki.from_pretrained(name, arguments.device, arguments.precision)
    check_size(arguments, model.config.cvivit.height, model.config.cvivit.width)
    seed = arguments.seed
    if seed is None:
        seed = story.timeline.seed if story else random.randrange(2**31)
    segments = story.timeline.segments if story else tuple(Segment(p, arguments.seconds) for p in arguments.prompt)
    footage = story.timeline.footage if story else None
    if arguments.image:
        segments = (dataclasses.replace(segments[0], start_image=arguments.image.read_bytes()), *segments[1:])
    if arguments.video:
        size = model.config.cvivit
        footage = pack_frames(read_footage(arguments.video, size.height, size.width, model.clip.fps))
    asked = Timeline(segments, seed, footage)
    timeline = asked.fit(model.clip)
    for i, (wish, fitted) in enumerate(zip(asked.segments, timeline.segments, strict=True)):
        if abs(wish.seconds - fitted.seconds) > 1e-3:
            print(f"Segment {i + 1}: {wish.seconds:g} s becomes {fitted.seconds:g} s, the nearest that can be made.")
    sampling = _sampling(arguments, story.sampling if story else model.config.sampling)
    project = Project(timeline, sampling, model.config.name, story.title if story else "")
    project.to_json()  # what is too large for the film's metadata is told before the work
    print(
        f"{model.config.name} on {model.device}, {model.precision}, kernels: {model.kernels}; "
        f"{timeline.seconds:g} s, seed {seed}"
    )
    # clips wait on disk: an interrupt, which reaches an encoder too, then finds none running
    with TemporaryDirectory(prefix=".clips-", dir=arguments.output.parent) as scratch:
        clips = _make_clips(model, project, Path(scratch))
        num_frames = sum(len(np.load(clip, mmap_mode="r")) for clip in clips)
        write_film(
            map(np.load, clips), num_frames, model.clip.fps, project, arguments, upscale=model.enlarge,
            footage_fps=model.clip.fps,
        )  # fmt: skip


def _read_story(arguments: argparse.Namespace) -> Project | None:
    """The story file, or None when prompts are given instead."""
    if bool(arguments.story) == bool(arguments.prompt):
        raise PhenakiError(
            "Give either a story file or one or more -p PROMPT, such as: -p 'a fox walks right in the snow'."
        )
    return read_project(arguments.story) if arguments.story else None


def _make_clips(model: Phenaki, project: Project, folder: Path) -> list[Path]:
    """Make the film into files of frames, one a clip, with a progress bar; an interrupt keeps the clips so far."""
    num_segments = len(project.timeline.segments)
    num_clips = sum(clip.footage is None for clip in model.plan(project.timeline, project.sampling))
    bar_format = "{desc} {bar} {n:.1f}/{total} clips, {remaining} left"
    clips: list[Path] = []
    with tqdm(total=num_clips, bar_format=bar_format) as bar:
        try:
            for event in model.generate(project.timeline, project.sampling):
                if isinstance(event, SegmentStarted):
                    bar.set_description_str(
                        f"{event.segment + 1}/{num_segments} {event.prompt:.40} (seed {event.seed})"
                    )
                elif isinstance(event, TokensRefined):
                    bar.update(1 / event.num_steps)
                elif isinstance(event, FramesReady):
                    file = folder / f"{len(clips)}.npy"
                    np.save(file, event.frames)
                    clips.append(file)  # it is whole
        except KeyboardInterrupt:
            if not clips:
                raise PhenakiError("Stopped before the first clip was finished; nothing was written.") from None
            bar.write(f"Stopped; the first {len(clips)} clips are kept.", file=sys.stderr)
    return clips


def _evaluate(arguments: argparse.Namespace) -> None:
    from phenaki.evaluation import run_evaluation

    sampling = {f.name: getattr(arguments, f.name) for f in dataclasses.fields(SamplingConfig)}
    report = run_evaluation(
        arguments.model,
        prompts=arguments.prompts,
        held_out=arguments.held_out,
        paraphrases=arguments.paraphrases,
        stories=arguments.stories,
        long_stories=arguments.long_stories,
        renders=arguments.renders,
        compared=arguments.compared,
        judge=arguments.judge,
        seed=arguments.seed,
        device=arguments.device,
        precision=arguments.precision,
        json_file=arguments.json,
        sheet_file=arguments.sheet,
        **sampling,
    )
    print(report.to_markdown())


def _render_world(arguments: argparse.Namespace) -> None:
    from phenaki.world.contact_sheet import write_world_sheet

    write_world_sheet(arguments.output, seed=arguments.seed, size=arguments.size, count=arguments.count)
    print(f"Wrote {arguments.output}")

"""``python -m phenaki train``: its options, and which part of the training they go to."""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
from pathlib import Path

import torch

from phenaki.config import PRESETS, preset
from phenaki.errors import PhenakiError
from phenaki.pipeline import ASSETS
from phenaki.world.parts import PARTS, find_part

STAGES = ("all", "cvivit", "maskgit", "critic", "judge", "upsampler")  # what can be trained
TOKENIZER_SHARE = 0.35  # of the time of "all"; the transformer has the rest


def add_train_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """``train``: a model, or a part of one, on the rendered world or on videos of one's own."""
    train = commands.add_parser("train", help="train on the rendered world, or on videos of your own")
    train.add_argument("stage", nargs="?", choices=STAGES, default="all", help="default: tokenizer, then transformer")
    train.add_argument("--minutes", type=float, required=True, help="time box; the state is saved at its end")
    train.add_argument("--resume", action="store_true", help="go on from what the folder holds")
    train.add_argument("--weights", type=Path, help="begin with the weights of this folder, such as assets/toy-64")
    train.add_argument("--folder", type=Path, help="state, log and weights (default: runs/PRESET; judge: runs/judge)")
    train.add_argument("--preset", default="toy-64", choices=sorted(PRESETS), help="sizes (default: %(default)s)")
    train.add_argument(
        "--part", default="core", choices=list(PARTS), help="how much of the world (default: %(default)s)"
    )
    train.add_argument(
        "--videos", type=Path, metavar="FOLDER",
        help="learn from these videos and pictures, with captions beside them, in the place of the world",
    )  # fmt: skip
    train.add_argument("--batch", type=int, help="samples a step")
    train.add_argument("--lr", type=float, help="learning rate")
    train.add_argument("--seed", type=int, default=0, help="of weights and data (default: %(default)s)")

    work = train.add_argument_group("how the work is done")
    work.add_argument("--device", default="auto", help="cpu, cuda, cuda:1... or auto (default)")
    work.add_argument("--threads", type=int, help="CPU threads (default: all cores; 1 where cores are shared)")
    work.add_argument("--accumulate", type=int, default=1, help="batches that make up a step (default: %(default)s)")
    work.add_argument("--checkpointing", action="store_true", help="keep less in memory and work it out again")
    work.add_argument("--fsdp", action="store_true", help="torchrun's processes share out weights and optimisers")
    work.add_argument(
        "--sheets", type=float, default=10.0, metavar="MINUTES", dest="sheet_minutes",
        help="at most so often there is a picture of what the model makes; 0: never (default: %(default)s)",
    )  # fmt: skip

    losses = train.add_argument_group("cvivit")
    losses.add_argument("--decoder-only", action="store_true", help="leave token ids as they are, sharpen the pictures")
    losses.add_argument("--losses", default="shipped", choices=("shipped", "paper"), help="a set of losses")
    for loss, what in (
        ("--perceptual", "distance of single frames in the judge's eyes"),
        ("--video-perceptual", "distance of clips in the judge's eyes"),
        ("--adversarial", "loss of a discriminator that learns beside it"),
    ):
        losses.add_argument(loss, type=float, metavar="WEIGHT", help=f"{what} (default: that of --losses)")
    train.set_defaults(run=_train)


def _train(arguments: argparse.Namespace) -> None:
    from phenaki.training.critic import train_critic
    from phenaki.training.cvivit import train_cvivit
    from phenaki.training.engine import Engine
    from phenaki.training.judge import train_judge
    from phenaki.training.losses import RECIPES
    from phenaki.training.maskgit import train_maskgit
    from phenaki.training.own_videos import OwnVideos
    from phenaki.training.source import RenderedWorld, with_words
    from phenaki.training.upsampler import train_upsampler

    if not 0 < arguments.minutes < math.inf:
        raise PhenakiError(f"--minutes is {arguments.minutes}; use a number above 0.")
    if arguments.batch is not None and arguments.batch < 1:
        raise PhenakiError(f"--batch is {arguments.batch}; use 1 or more.")
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    stage, minutes = arguments.stage, arguments.minutes
    part = find_part(arguments.part)
    config = preset(arguments.preset)
    if arguments.folder:  # films carry this name, and are made again by the model of that name alone
        config = dataclasses.replace(config, name=arguments.folder.resolve().name)
    folder = arguments.folder or Path("runs", "judge" if stage == "judge" else config.name)
    if arguments.videos is None:
        source = RenderedWorld(part)
    elif stage in ("judge", "upsampler"):
        raise PhenakiError(f"--videos is not for {stage}, which learns from the rendered world. Leave it out.")
    else:
        source = OwnVideos(arguments.videos, config, folder / "decoded")
    config = with_words(config, source)
    names = ("device", "accumulate", "checkpointing", "fsdp", "sheet_minutes")
    options = {k: v for k in ("batch", "lr") if (v := getattr(arguments, k)) is not None}
    options |= {"resume": arguments.resume, "seed": arguments.seed, "start": arguments.weights}
    engine = Engine(**{name: getattr(arguments, name) for name in names})
    options |= {"engine": engine}
    try:
        if stage == "judge":
            train_judge(folder, minutes=minutes, part=part, **options)
        if stage == "upsampler":  # of the folder's own tokenizer, or else of the shipped one
            train_upsampler(
                folder, minutes=minutes, model=_model_with("cvivit", folder, arguments.preset), part=part, **options
            )
        if stage == "critic":  # of the folder's own model, or else of the shipped one
            train_critic(
                folder,
                minutes=minutes,
                model=_model_with("maskgit", folder, arguments.preset),
                source=source,
                **options,
            )
        shares = _shares(stage, folder, arguments.resume)
        if "cvivit" in shares:
            given = {name: getattr(arguments, name) for name in ("perceptual", "video_perceptual", "adversarial")}
            given = {name: weight for name, weight in given.items() if weight is not None}
            losses = dataclasses.replace(RECIPES[arguments.losses], **given)
            train_cvivit(
                config, folder, minutes=shares["cvivit"] * minutes, decoder_only=arguments.decoder_only, losses=losses,
                source=source, **options,
            )  # fmt: skip
        if "maskgit" in shares:
            if stage == "all":  # the tokenizer may have been stopped before there was a transformer
                options["resume"] = arguments.resume and (folder / "maskgit.state.pt").is_file()
            train_maskgit(config, folder, minutes=shares["maskgit"] * minutes, source=source, **options)
    except KeyboardInterrupt:
        print(f"Stopped. {folder} keeps what was saved; --resume goes on from there.", file=sys.stderr)
        sys.exit(130)


def _shares(stage: str, folder: Path, resume: bool) -> dict[str, float]:
    """Which of the time goes to the tokenizer and which to the transformer.

    A transformer that was stopped goes on with the tokenizer that it began with, which would otherwise learn anew.
    """
    from phenaki.training.run import is_finished

    if stage != "all":
        return {stage: 1.0}
    if resume and is_finished(folder, "cvivit")[0] and not is_finished(folder, "maskgit")[0]:
        return {"maskgit": 1.0}
    return {"cvivit": TOKENIZER_SHARE, "maskgit": 1 - TOKENIZER_SHARE}


def _model_with(part: str, folder: Path, preset_name: str) -> Path:
    """The folder itself if it has this part of a model, or else the shipped model of these sizes."""
    return folder if (folder / f"{part}.safetensors").is_file() else ASSETS / preset_name

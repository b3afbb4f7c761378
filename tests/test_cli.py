"""The command line: films out, sentences and exit code 2 for mistakes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from phenaki import FramesReady, GenerationEvent, Phenaki, read_project, unpack_frames, write_clip
from phenaki.checkpoint import save_config, save_part
from phenaki.cli import main
from phenaki.config import preset
from phenaki.pipeline import build_networks
from phenaki.video import open_film


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("tiny")
    config = preset("tiny")
    for part, network in zip(("cvivit", "maskgit"), build_networks(config), strict=True):
        save_part(network, folder, part, {})
    save_config(config, folder)
    return str(folder)


def frames(path: Path) -> int:
    return imageio_ffmpeg.count_frames_and_secs(str(path))[0]


def test_prompts_become_a_film_that_carries_its_project(
    tiny: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "film.mp4"
    prompts = ["-p", "a fox walks right", "-p", "it jumps"]
    assert main(["generate", *prompts, "--seconds", "1", "-o", str(out), "--model", tiny, "--seed", "5"]) == 0
    project = read_project(out)
    assert [s.prompt for s in project.timeline.segments] == ["a fox walks right", "it jumps"]
    assert project.timeline.seed == 5
    assert frames(out) == round(project.timeline.seconds * 8)
    said = capsys.readouterr().out
    assert "seed 5" in said and "becomes" in said


def test_a_film_can_be_made_again_from_its_own_file(tiny: str, tmp_path: Path) -> None:
    one, two = tmp_path / "one.mp4", tmp_path / "two.mp4"
    assert main(["generate", "-p", "a fox", "--seconds", "1", "-o", str(one), "--model", tiny]) == 0
    assert main(["generate", str(one), "-o", str(two), "--model", tiny]) == 0
    assert read_project(one) == read_project(two)
    readers = [imageio_ffmpeg.read_frames(str(p)) for p in (one, two)]
    assert list(readers[0])[1:] == list(readers[1])[1:]


def test_a_model_with_an_upsampler_enlarges_its_films_with_it(
    tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bright(model: Phenaki, clip: np.ndarray) -> np.ndarray:
        return np.full((len(clip), 64, 64, 3), 250, np.uint8)

    monkeypatch.setattr(Phenaki, "enlarge", bright)
    made = ["generate", "-p", "a fox", "--seconds", "0.625", "--seed", "1", "--model", tiny]
    for enlarge in ("smooth", "nearest"):
        out = tmp_path / f"{enlarge}.mp4"
        assert main([*made, "-o", str(out), "--enlarge", enlarge, "--size", "64"]) == 0
        with open_film(out) as film:
            assert (min(clip.min() for clip in film.clips) > 240) == (enlarge == "smooth")


def test_a_story_file_keeps_its_settings_unless_told_otherwise(tiny: str, tmp_path: Path) -> None:
    story = tmp_path / "story.json"
    sampling = {"num_inference_steps": 3, "guidance_scale": 2.0}
    segments = [{"prompt": "a fox", "seconds": 0.625, "seed": 9}]
    story.write_text(json.dumps({"segments": segments, "seed": 4, "sampling": sampling}))
    out = tmp_path / "film.mp4"
    assert main(["generate", str(story), "-o", str(out), "--model", tiny, "--guidance", "4"]) == 0
    project = read_project(out)
    assert (project.sampling.num_inference_steps, project.sampling.guidance_scale) == (3, 4.0)
    assert (project.timeline.seed, project.timeline.segments[0].seed) == (4, 9)


def test_a_film_may_begin_with_a_video_and_a_segment_with_a_picture(tiny: str, tmp_path: Path) -> None:
    picture, video, out = tmp_path / "a.png", tmp_path / "a.mp4", tmp_path / "film.mp4"
    Image.new("RGB", (40, 30), "red").save(picture)
    write_clip(np.zeros((12, 30, 40, 3), np.uint8), video, fps=8)
    made = ["generate", "-p", "a fox", "--seconds", "0.625", "-o", str(out), "--model", tiny, "--captions", "srt"]
    assert main([*made, "--video", str(video), "--image", str(picture)]) == 0
    assert "00:00:01,500 --> 00:00:02,125" in out.with_suffix(".srt").read_text(), "behind the video"
    assert main(["export", str(out), "-o", str(tmp_path / "again.srt")]) == 0
    assert (tmp_path / "again.srt").read_text() == out.with_suffix(".srt").read_text()
    timeline = read_project(out).timeline
    assert timeline.segments[0].start_image == picture.read_bytes()
    assert timeline.footage and unpack_frames(timeline.footage).shape == (12, 32, 32, 3)
    assert frames(out) == 12 + 5
    assert main(["generate", str(out), "-o", str(tmp_path / "again.mp4"), "--model", tiny]) == 0
    assert read_project(tmp_path / "again.mp4").timeline == timeline


def test_a_picture_too_large_for_the_film_is_told_before_the_work(
    tiny: str, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Phenaki, "generate", None)
    picture = tmp_path / "a.bmp"
    picture.write_bytes(bytes(13 * 2**20))
    assert main(["generate", "-p", "a fox", "--image", str(picture), "--model", tiny]) == 2
    assert "Use a smaller start image" in capsys.readouterr().err


MISTAKES = {
    "nothing to make": ([], "Give either a story file"),
    "both kinds of story": (["story.json", "-p", "a fox"], "Give either a story file"),
    "empty prompt": (["-p", "  "], "empty prompt"),
    "long prompt": (["-p", "x" * 500], "500 characters"),
    "no length": (["-p", "a fox", "--seconds", "0"], "lasts 0"),
    "nan length": (["-p", "a fox", "--seconds", "nan"], "lasts nan"),
    "too long a film": (["-p", "a fox", "--seconds", "9999"], "up to 600"),
    "steps": (["-p", "a fox", "--steps", "0"], "num_inference_steps is 0"),
    "guidance": (["-p", "a fox", "--guidance", "nan"], "guidance_scale is nan"),
    "seed": (["-p", "a fox", "--seed", "-1"], "seed is -1"),
    "no such story": (["nowhere.json"], "nowhere.json"),
    "no such image": (["-p", "a fox", "--image", "nowhere.png"], "nowhere.png"),
    "no such video": (["-p", "a fox", "--video", "nowhere.mp4"], "nowhere.mp4"),
    "no such device": (["-p", "a fox", "--device", "abacus"], "cannot be used"),
    "no such folder": (["-p", "a fox", "-o", "nowhere/film.mp4"], "nowhere"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_a_sentence_and_exit_code_2(
    case: str, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, words = MISTAKES[case]
    assert main(["generate", "--model", tiny, *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said and "Traceback" not in said


def test_an_unknown_model_is_a_sentence(capsys: pytest.CaptureFixture) -> None:
    assert main(["generate", "-p", "a fox", "--model", "nope"]) == 2
    assert "There is no model 'nope'" in capsys.readouterr().err


def test_a_broken_story_is_a_sentence(tiny: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    story = tmp_path / "story.json"
    for text in ("{", "[]", '{"segments": []}', '{"segments": [{"prompt": "a fox"}]}', '{"segments": "many"}'):
        story.write_text(text)
        assert main(["generate", str(story), "--model", tiny]) == 2
        assert "phenaki: " in capsys.readouterr().err


def test_an_interrupt_keeps_the_clips_that_are_finished(
    tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    generate = Phenaki.generate

    def interrupted(self: Phenaki, *arguments: object) -> Iterator[GenerationEvent]:
        for event in generate(self, *arguments):
            yield event
            if isinstance(event, FramesReady):
                raise KeyboardInterrupt

    monkeypatch.setattr(Phenaki, "generate", interrupted)
    out = tmp_path / "film.mp4"
    assert main(["generate", "-p", "a fox", "--seconds", "3", "-o", str(out), "--model", tiny]) == 0
    assert frames(out) == preset("tiny").clip.clip_frames
    assert "the first 1 clips are kept" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["film.mp4"]


def test_render_world_writes_a_picture(tmp_path: Path) -> None:
    assert main(["render-world", "-o", str(tmp_path / "world.png"), "--count", "3"]) == 0
    assert (tmp_path / "world.png").stat().st_size > 5000

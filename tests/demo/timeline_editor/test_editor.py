"""The timeline editor's pure parts in a real browser, against a second version in Python; its component without one."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from demo.timeline_editor import component
from demo.timeline_editor.component import SCRIPTS, STYLES, TimelineEditor, page_script, shape_props, update_editor
from phenaki import ClipShape
from tests.demo.browsing import NEEDS_CHROMIUM, chromium
from tests.demo.timeline_editor.editor_model import Model, pixels
from tests.demo.timeline_editor.editor_page import PIXEL, SETTINGS, WORDS, document, segment

browser_test, needs_browser = NEEDS_CHROMIUM
SHAPE = shape_props(ClipShape(), max_seconds=60, max_segments=30)
PURE = ("document.js", "words.js", "history.js")
NAMES = (
    "changed", "inserted", "removed", "moved", "duplicated", "split", "rolled", "rerolled", "rerolledAlone", "healed",
    "withPicture", "withFootage", "reseeded", "refusal", "cutAt", "nearestClips", "totalFrames", "layout", "completed",
    "same", "offers", "isWhole", "unknownWords", "listWords", "History",
)  # fmt: skip


def read(name: str) -> str:
    return (Path(component.__file__).parent / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """A page that holds the pure functions, in ``window.pure``."""
    with chromium() as browser:
        page = browser.new_page()
        source = "\n".join(map(read, PURE))
        page.evaluate(f"() => {{ {source}\n window.pure = {{ {', '.join(NAMES)} }}; }}")
        yield page


def call(page: Any, name: str, *arguments: Any) -> Any:
    return page.evaluate("([name, args]) => window.pure[name](...args)", [name, list(arguments)])


class Editor:
    """The page's side: a document in the browser, changed by its functions."""

    def __init__(self, page: Any, doc: dict[str, Any]) -> None:
        self.page = page
        page.evaluate(
            "([doc, shape]) => { window.shape = shape; window.doc = doc; window.steps = new pure.History(); }",
            [doc, SHAPE],
        )

    def edit(self, name: str, *arguments: Any) -> None:
        self.page.evaluate(
            """([name, args]) => {
              const next = pure[name](doc, ...args);
              if (next === null) return;
              const before = structuredClone(doc);
              if (pure.refusal(doc, next, shape)) return;
              if (!pure.same(doc, next)) { steps.add(doc, name); }
              if (!pure.same(doc, before)) throw new Error(`${name} has changed its argument`);
              doc = next;
            }""",
            [name, list(arguments)],
        )

    def reseed(self, seed: int) -> None:
        self.page.evaluate(
            """(seed) => {
              const next = pure.reseeded(doc, () => seed);
              if (!pure.same(doc, next)) steps.add(doc, "reseed");
              doc = next;
            }""",
            seed,
        )

    def travel(self, way: str) -> None:
        self.page.evaluate("(way) => { const step = steps[way](doc); if (step) doc = step.doc; }", way)

    @property
    def document(self) -> dict[str, Any]:
        return self.page.evaluate("doc")


def random_edit(rng: random.Random, model: Model, editor: Editor, number: int) -> str:
    """Make one edit in both; returns its name."""
    rows = model.segments
    new_id = f"n{number}"
    names = ["insert", "undo", "redo", "footage", "settings", "reseed"]
    if rows:
        names += [
            "change",
            "change",
            "remove",
            "move",
            "duplicate",
            "reroll",
            "alone",
            "alone",
            "alone",
            "heal",
            "picture",
        ]
        names += ["resize", "split", "split"] + (["roll"] if len(rows) > 1 else [])
    name = rng.choice(names)
    i = rng.randrange(len(rows)) if rows else 0
    seed = rng.randrange(1000)
    if name == "insert":
        i, row = rng.randint(0, len(rows)), segment("new", rng.randint(1, 4), id=new_id, seed=seed)
        model.insert(i, row)
        editor.edit("inserted", i, row)
    elif name in ("undo", "redo"):
        getattr(model, name)()
        editor.travel(name)
    elif name == "footage":
        footage = rng.choice([None, {"id": new_id, "num_frames": rng.randint(5, 60), "poster": PIXEL}])
        model.footage(footage)
        editor.edit("withFootage", footage)
    elif name == "settings":
        settings = SETTINGS | {"num_inference_steps": rng.randint(1, 9)}
        model.settings(settings)
        editor.page.evaluate(
            """(settings) => { const next = { ...doc, settings };
            if (!pure.same(doc, next)) steps.add(doc, "settings"); doc = next; }""",
            settings,
        )
    elif name == "reseed":
        model.reseed(seed)
        editor.reseed(seed)
    elif name in ("change", "resize"):
        changes = {"clips": rng.randint(1, 9)} if name == "resize" else {"prompt": f"p{seed}", "locked": seed % 2 == 0}
        model.change(i, **changes)
        editor.edit("changed", rows[i]["id"], changes)
    elif name == "move":
        to = rng.randrange(len(rows))
        model.move(i, to)
        editor.edit("moved", rows[i]["id"], to)
    elif name == "duplicate":
        model.duplicate(i, new_id)
        editor.edit("duplicated", rows[i]["id"], new_id)
    elif name == "split":
        if rows[i]["clips"] > 1:
            clips = rng.randint(1, rows[i]["clips"] - 1)
            model.split(i, clips, new_id)
            editor.edit("split", rows[i]["id"], clips, new_id)
    elif name == "roll":
        i, by = rng.randrange(len(rows) - 1), rng.randint(-5, 5)
        model.roll(i, by)
        editor.edit("rolled", i, by)
    elif name in ("reroll", "alone"):
        (model.reroll if name == "reroll" else model.reroll_alone)(i, seed)
        editor.edit("rerolled" if name == "reroll" else "rerolledAlone", rows[i]["id"], seed)
    elif name == "picture":
        picture = rng.choice([None, PIXEL])
        model.picture(i, picture)
        editor.edit("withPicture", rows[i]["id"], picture)
    elif name == "heal":
        model.heal(i)
        editor.edit("healed", rows[i]["id"])
    else:
        model.remove(i)
        editor.edit("removed", rows[i]["id"])
    return name


@browser_test
@needs_browser
@pytest.mark.parametrize("start", range(3))
def test_200_random_edits_agree_with_the_model(page, start):
    rng = random.Random(start)
    model = Model(document(), SHAPE)
    editor = Editor(page, document())
    done = []
    for number in range(200):
        done.append(random_edit(rng, model, editor, number))
        assert editor.document == model.document, done
        assert call(page, "totalFrames", model.document, SHAPE) == model.frames()
    while model.past:
        model.undo()
        editor.travel("undo")
    assert editor.document == model.document
    while model.future:
        model.redo()
        editor.travel("redo")
    assert editor.document == model.document
    assert page.evaluate("Math.max(steps.past.length, steps.future.length)") <= 100


@browser_test
@needs_browser
def test_undo_is_100_deep(page):
    editor = Editor(page, document())
    for number in range(130):
        editor.edit("changed", "the-fox-jumps", {"prompt": f"number {number}"})
    for _ in range(200):
        editor.travel("undo")
    assert editor.document["segments"][1]["prompt"] == "number 29"
    for _ in range(200):
        editor.travel("redo")
    assert editor.document["segments"][1]["prompt"] == "number 129"


def random_film(rng: random.Random) -> Model:
    """A film with seams in front of some segments, also of some that are only remembered."""
    rows = [
        segment(f"p{i}", rng.randint(1, 4), seed=i, picture=PIXEL if rng.random() < 0.15 else None) for i in range(7)
    ]
    model = Model(document(*rows), SHAPE)
    for _ in range(rng.randint(0, 6)):
        model.reroll_alone(rng.randrange(7), rng.randrange(100, 200))
    return model


@browser_test
@needs_browser
def test_a_re_roll_of_one_segment_changes_no_pixel_of_another(page):
    rng = random.Random(1)
    for _ in range(60):
        doc, i = random_film(rng).document, rng.randrange(7)
        after = call(page, "rerolledAlone", doc, doc["segments"][i]["id"], 999)
        before, now = pixels(doc), pixels(after)
        assert [a == b for a, b in zip(before, now, strict=True)] == [k != i for k in range(7)]


@browser_test
@needs_browser
def test_a_split_changes_no_pixel(page):
    rng = random.Random(2)
    refused = 0
    for _ in range(150):
        doc, i = random_film(rng).document, rng.randrange(7)
        row = doc["segments"][i]
        if row["clips"] > 1:
            after = call(page, "split", doc, row["id"], rng.randint(1, row["clips"] - 1), "second")
            refused += after is None
            assert after is None or list(chain(*pixels(doc))) == list(chain(*pixels(after)))
    assert refused < 4, "only where all that a seam remembers is one clip long"


@browser_test
@needs_browser
def test_a_re_roll_with_what_follows_changes_all_to_the_end_of_the_shot(page):
    rng = random.Random(3)
    for _ in range(60):
        doc, i = random_film(rng).document, rng.randrange(7)
        rows = doc["segments"]
        end = next((k for k in range(i + 1, 7) if rows[k]["picture"]), 7)
        after = call(page, "rerolled", doc, rows[i]["id"], 999)
        before, now = pixels(doc), pixels(after)
        assert all(before[k] != now[k] for k in range(i, end))
        assert before[:i] == now[:i] and before[end + 1 :] == now[end + 1 :]


@browser_test
@needs_browser
def test_a_typed_length_moves_to_the_nearest_one_that_the_model_makes(page):
    shape = ClipShape()
    doc = document()
    for first, index in ((True, 0), (False, 1)):
        for hundredths in range(1, 900, 7):
            seconds = hundredths / 100
            clips = call(page, "nearestClips", doc, SHAPE, index, seconds)
            assert clips == shape.segment_clips(seconds, first=first)


@browser_test
@needs_browser
def test_a_split_goes_to_the_nearest_clip_or_says_why_not(page):
    doc = document(segment("one", 3), segment("two", 1), footage={"id": "v", "num_frames": 8, "poster": PIXEL})
    cut = lambda seconds: call(page, "cutAt", doc, SHAPE, seconds)  # noqa: E731
    assert "video" in cut(0.5)["why"]
    assert cut(1.0) == {"id": "one", "clips": 1, "seconds": 1.75}
    assert cut(2.1) == {"id": "one", "clips": 1, "seconds": 1.75}
    assert cut(2.2) == {"id": "one", "clips": 2, "seconds": 2.5}
    assert cut(3.2) == {"id": "one", "clips": 2, "seconds": 2.5}
    assert "One clip" in cut(3.4)["why"]
    assert "behind the last" in cut(9)["why"]
    assert "nothing to split" in call(page, "cutAt", document() | {"segments": []}, SHAPE, 0)["why"]
    opening = document(segment("opening", 2))
    assert call(page, "cutAt", opening, SHAPE, 0) == {"id": "opening", "clips": 1, "seconds": 1.375}


@browser_test
@needs_browser
def test_limits_are_told(page):
    tight = SHAPE | {"max_segments": 3, "max_seconds": 6}
    doc = document()
    more = call(page, "inserted", doc, 0, segment("more", 1))
    assert call(page, "refusal", doc, more, tight) == "A film holds 3 segments at most."
    longer = call(page, "changed", doc, "the-fox-jumps", {"clips": 4})
    assert "6 s at most; this would make it 6.625 s" in call(page, "refusal", doc, longer, tight)
    assert call(page, "refusal", longer, doc, tight) is None, "a way back below the limit is open"


@browser_test
@needs_browser
def test_an_older_document_is_completed(page):
    old = {"seed": None, "segments": [{"id": "a", "prompt": "a fox", "clips": 2, "seed": None}]}
    doc = call(page, "completed", old)
    assert doc["version"] == 2 and doc["footage"] is None
    row = doc["segments"][0]
    assert isinstance(row["seed"], int) and row["behind"] is None and row["locked"] is False
    assert set(row) == set(segment("x"))
    assert call(page, "completed", document()) == document()


def offered(page: Any, text: str, caret: int | None = None) -> list[str]:
    words = call(page, "listWords", WORDS["kinds"])
    return [offer["text"] for offer in call(page, "offers", text, len(text) if caret is None else caret, words)]


@browser_test
@needs_browser
def test_words_are_offered_by_the_word_and_by_the_phrase(page):
    assert offered(page, "a fo") == ["fox"]
    assert offered(page, "a for") == [], "no 'a in the forest'"
    assert offered(page, "a fox for") == ["in the forest"]
    assert offered(page, "a fox w") == ["walks right", "walks left"]
    assert offered(page, "a fox walks l") == ["walks left"]
    assert offered(page, "a fox walks ") == ["walks right", "walks left"]
    assert offered(page, "the fox in the s")[0] == "in the snow"
    assert offered(page, "a Fly") == ["flying saucer"]
    assert offered(page, "a fox sno") == ["in the snow"]
    assert offered(page, "") == [] and offered(page, "   ") == []
    assert offered(page, "a fox", 3) == [], "in the middle of a word nothing is offered"
    assert offered(page, "a fox ") == [], "what is written is not offered again"
    words = call(page, "listWords", WORDS["kinds"])
    assert call(page, "isWhole", "a fox", 5, words) and not call(page, "isWhole", "a fo", 4, words)


@browser_test
@needs_browser
def test_unknown_words_are_named(page):
    unknown = lambda text, caret=None: page.evaluate(  # noqa: E731
        "([text, known, caret]) => pure.unknownWords(text, new Set(known), caret)", [text, WORDS["known"], caret]
    )
    assert unknown("A fox plays the saxophone, a Tuba and a saxophone!") == ["plays", "saxophone", "tuba"]
    assert unknown("the fox's robot jumps 7 times") == ["times"]
    assert unknown("a fox-robot, a moon-car") == ["moon-car"]
    assert unknown("a sax", 5) == [] and unknown("a sax", 2) == ["sax"]
    assert unknown("a fox ${1} {{x}} <b>") == ["x", "b"]
    assert page.evaluate("pure.unknownWords('anything', new Set())") == [], "without a list nothing is unknown"


# The component without a browser
def test_gradios_templates_stay_empty():
    """Text in them would be read as code, and all styles anew, whenever the document changes."""
    editor = TimelineEditor(document(segment("${1} {{x}}")), render=False)
    assert (editor.html_template, editor.css_template) == ("<div></div>", "")


def test_no_property_is_taken_for_an_event():
    """gradio takes every name that stands in quotes in the script for an event's."""
    editor = TimelineEditor(render=False)
    script = page_script()
    for name in ("run", "progress", "variations", "words", "shape"):
        assert not re.search(rf"[`'\"]{name}[`'\"]", script), name
    config = editor.get_config()
    json.dumps(config["props"])
    assert "partial" not in str(config["props"])
    for event in ("submit", "settings", "vary", "stop_varying"):
        assert re.search(rf"[`'\"]{event}[`'\"]", script), event


def test_every_script_and_style_is_loaded():
    folder = Path(component.__file__).parent
    assert {path.name for path in folder.glob("*.js")} == set(SCRIPTS)
    assert {path.name for path in folder.glob("*.css")} == {*STYLES, "motion.css"}


def test_the_schema_says_what_arrays_hold():
    def look(schema: Any) -> None:
        if schema.get("type") == "array":
            assert "items" in schema
            look(schema["items"])
        for child in schema.get("properties", {}).values():
            look(child)

    schema = TimelineEditor(render=False).api_info()
    look(schema)
    assert set(schema["properties"]) == set(document())
    assert set(schema["properties"]["segments"]["items"]["properties"]) == set(segment("x"))


def test_an_update_sends_only_what_is_given():
    update = update_editor(run={"film": "f"}, progress={"film": "f", "segments": {}}).constructor_args
    assert json.loads(update["run"]) == {"film": "f"}
    assert update["progress"] == {"film": "f", "segments": {}}
    assert "value" not in update and "variations" not in update
    assert json.loads(update_editor(variations={}).constructor_args["variations"]) == {}
    assert isinstance(update_editor(document=document()), gr.HTML)

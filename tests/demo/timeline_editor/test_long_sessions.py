"""Large films, and many random edits against a model of the timeline."""

from __future__ import annotations

import os
import random
import time
from typing import Any

from tests.demo.browsing import NEEDS_CHROMIUM, wait_until
from tests.demo.timeline_editor.editor_model import Model
from tests.demo.timeline_editor.editor_page import PIXEL, SETTINGS, EditorPage, document, run_of, segment
from tests.demo.timeline_editor.hands import (
    clip_pixels,
    do,
    drag,
    handle,
    middle,
    pick,
    rest,
    segments,
    summary,
    tell_time,
)

pytestmark = NEEDS_CHROMIUM


# Large films and long sessions
def test_the_page_answers_within_100_ms_with_200_segments(serve):
    doc = document(
        *(segment(f"a fox walks right number {i}", 2, picture=PIXEL if i % 20 == 5 else None) for i in range(200))
    )
    run = run_of(doc, "done")
    for r in run["segments"].values():
        r["clips"] = [PIXEL] * len(r["clips"])
    site = serve(doc, run=run, shape={"max_seconds": 900})
    page = site.open()
    assert segments(page).count() == 200
    pick(page, 3)
    times = {}
    # from the key to the drawing that shows it
    measure = """async ([key, options]) => {
      const start = performance.now();
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options }));
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      return performance.now() - start;
    }"""
    for name, key, options in (
        ("longer", "ArrowRight", {"shiftKey": True}),
        ("select", "ArrowRight", {}),
        ("move", "ArrowLeft", {"altKey": True}),
        ("duplicate", "d", {}),
        ("undo", "z", {"ctrlKey": True}),
        ("delete", "Delete", {}),
        ("zoom", "+", {}),
        ("fit", "0", {}),
    ):
        times[name] = min(page.evaluate(measure, [key, options]) for _ in range(4))
    page.focus("#editor .prompt")
    typed = """async () => {
      const start = performance.now();
      document.execCommand("insertText", false, "x");
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      return performance.now() - start;
    }"""
    times["type"] = min(page.evaluate(typed) for _ in range(4))
    moved = """async (x) => {
      const start = performance.now();
      const options = { bubbles: true, clientX: x, clientY: 150, pointerId: 1, pointerType: "mouse" };
      document.querySelector("#editor .track").dispatchEvent(new PointerEvent("pointermove", options));
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      return performance.now() - start;
    }"""
    rest(page)
    for name, source in (("drag", segments(page).nth(5)), ("resize", handle(page, 5))):
        x, y = middle(page, source)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 30, y)
        times[name] = min(page.evaluate(moved, x + 30 * i) for i in range(2, 7))
        page.mouse.up()
        rest(page)
    print("milliseconds with 200 segments:", {name: round(value) for name, value in times.items()})
    busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    assert max(times.values()) < (1000 if busy else 100), times


# Everything together
def stays_in_view(page: Any, index: int, side: str, by: float) -> bool:
    """Whether a drag of this handle comes to no end of the view, where it would scroll."""
    view = page.locator("#editor .scroller").bounding_box()
    x, _ = middle(page, handle(page, index, side))
    return all(view["x"] + 60 < at < view["x"] + view["width"] - 60 for at in (x, x + by))


def random_ui_edit(rng: random.Random, page: Any, model: Model, site: EditorPage) -> str:
    """One edit by mouse or keyboard, made in the model, too; returns its name."""
    rows = model.segments
    names = ["undo", "redo", "insert", "title", "settings"]
    if rows:
        names += ["longer", "shorter", "earlier", "later", "duplicate", "delete", "write", "length", "seed", "lock"]
        names += ["split", "reroll", "alone", "heal", "steps", "edge", "carry", "give"]
    name = rng.choice(names)
    i = rng.randrange(len(rows)) if rows else 0
    press = page.keyboard.press
    ids = [r["id"] for r in rows]

    def new_ids() -> list[str]:
        nodes = segments(page).evaluate_all("nodes => nodes.map((node) => node.dataset.id)")
        return [n for n in nodes if n not in ids]

    def choose(index: int) -> None:
        page.evaluate(
            "(id) => document.querySelector(`#editor .segment[data-id='${id}']`).scrollIntoView({inline: 'center'})",
            ids[index],
        )
        node = page.locator(f"#editor .segment[data-id='{ids[index]}']")
        node.focus()
        page.keyboard.press("Home")
        for _ in range(index):
            page.keyboard.press("ArrowRight")

    if name in ("undo", "redo"):
        press("Control+z" if name == "undo" else rng.choice(["Control+y", "Control+Shift+z"]))
        getattr(model, name)()
    elif name == "title":
        text = f"film {rng.randrange(100)}"
        page.fill("#editor .title", text)
        page.locator("#editor .title").blur()
        model.title(text)
    elif name == "settings":
        settings = SETTINGS | {"num_inference_steps": rng.randint(1, 9)}
        page.evaluate("(s) => dispatchEvent(new CustomEvent('phenaki:settings', { detail: s }))", settings)
        page.wait_for_timeout(350)
        model.settings(settings)
    elif name == "insert":
        if rows:
            choose(i)
            press("n")
        else:
            do(page, "append")
        text = f"new {rng.randrange(100)}"
        if added := new_ids():
            page.keyboard.type(text)
            press("Escape")
            index = i + 1 if rows else 0
            made = page.input_value("#pk-seed")
            model.insert(index, segment("", 2, id=added[0], seed=int(made)))
            model.change(index, prompt=text)
    elif name in ("longer", "shorter"):
        choose(i)
        press("Shift+ArrowRight" if name == "longer" else "Shift+ArrowLeft")
        clips = rows[i]["clips"] + (1 if name == "longer" else -1)
        if clips > 0:
            model.change(i, clips=clips)
    elif name in ("earlier", "later"):
        choose(i)
        press("Alt+ArrowLeft" if name == "earlier" else "Alt+ArrowRight")
        to = i + (1 if name == "later" else -1)
        if 0 <= to < len(rows):
            model.move(i, to)
    elif name == "duplicate":
        choose(i)
        press("d")
        if added := new_ids():
            model.duplicate(i, added[0])
    elif name == "delete":
        choose(i)
        if len(rows) > 1:
            press("Delete")
            model.remove(i)
    elif name == "write":
        choose(i)
        press("Enter")
        page.fill("#editor .prompt", f"written {rng.randrange(100)} ${{x}}")
        text = page.input_value("#editor .prompt")
        press("Escape")
        model.change(i, prompt=text)
    elif name == "length":
        choose(i)
        clips = rng.randint(1, 6)
        opens = rows[i]["picture"] is not None or (i == 0 and model.document["footage"] is None)
        seconds = (clips * 6 + 5 * opens) / 8 + rng.choice([0, 0.2, -0.2])
        page.fill("#pk-length", f"{seconds:.3f}")
        press("Enter")
        page.locator("#pk-length").blur()
        model.change(i, clips=clips)
    elif name == "seed":
        choose(i)
        seed = rng.randrange(10**6)
        page.fill("#pk-seed", str(seed))
        press("Enter")
        page.locator("#pk-seed").blur()
        if seed != rows[i]["seed"]:
            model.change(i, seed=seed, locked=True)
    elif name == "lock":
        choose(i)
        do(page, "lock")
        model.change(i, locked=not rows[i]["locked"])
    elif name == "steps":
        choose(i)
        steps = rng.randint(1, 64)
        if page.locator("#editor .own").is_hidden():
            do(page, "fold-own")
        page.fill("#pk-steps", str(steps))
        page.locator("#pk-steps").blur()
        model.change(i, num_inference_steps=steps)
    elif name == "split":
        starts, start = [], 0 if model.document["footage"] is None else model.document["footage"]["num_frames"]
        for k, r in enumerate(rows):
            lead = 5 * (r["picture"] is not None or (k == 0 and model.document["footage"] is None))
            starts.append((start, lead))
            start += lead + 6 * r["clips"]
        clip = rng.randrange(rows[i]["clips"])
        tell_time(page, (starts[i][0] + starts[i][1] + 6 * clip + 2) / 8)
        press("s")
        if added := new_ids():
            assert rows[i]["clips"] > 1
            cut = min(max(clip, 1), rows[i]["clips"] - 1)
            model.split(i, cut, added[0])
    elif name in ("reroll", "alone"):
        choose(i)
        press("r" if name == "reroll" else "Shift+R")
        seed = int(page.input_value("#pk-seed"))
        if name == "reroll":
            model.reroll(i, seed)
        elif seed != rows[i]["seed"]:
            model.reroll_alone(i, seed)
    elif name == "heal":
        seams = [k for k, r in enumerate(rows) if r["behind"]]
        if seams:
            i = rng.choice(seams)
            choose(i)
            do(page, "heal")
            model.heal(i)
    elif name == "edge":
        choose(i)
        clip = clip_pixels(page)
        by = rng.randint(-3, 3)
        side = rng.choice(["left", "right"])
        if not stays_in_view(page, i, side, by * clip):
            return "edge near the end of the view"
        drag(page, page.locator(f"#editor .segment[data-id='{ids[i]}'] .handle.{side}"), by * clip, steps=3)
        clips = max(1, rows[i]["clips"] + (by if side == "right" else -by))
        while not model.change(i, clips=clips):  # it stops where the film is as long as it may be
            clips -= 1
    elif name == "give":
        if i + 1 < len(rows):
            choose(i)
            clip = clip_pixels(page)
            by = rng.randint(-3, 3)
            if not stays_in_view(page, i, "right", by * clip):
                return "give near the end of the view"
            page.keyboard.down("Alt")
            drag(page, page.locator(f"#editor .segment[data-id='{ids[i]}'] .handle.right"), by * clip, steps=3)
            page.keyboard.up("Alt")
            model.roll(i, by)
    elif name == "carry":
        press("0")
        rest(page)
        to = rng.randrange(len(rows))
        boxes = [page.locator(f"#editor .segment[data-id='{k}']").bounding_box() for k in ids]
        x, y = boxes[i]["x"] + boxes[i]["width"] / 2, boxes[i]["y"] + 50
        # far enough past the middle of the other one, but not of the next
        goal = boxes[to]["x"] + boxes[to]["width"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(goal + (6 if to > i else -6 if to < i else 0), y, steps=4)
        page.mouse.up()
        rest(page)
        nodes = segments(page).evaluate_all("nodes => nodes.map((node) => node.dataset.id)")
        assert sorted(nodes) == sorted(ids)
        model.move(i, nodes.index(ids[i]))
    return name


def difference(done: list[str], heard: dict[str, Any], expected: dict[str, Any]) -> str:
    lines = [f"edits: {done[-6:]}"]
    for name in expected:
        if heard[name] != expected[name]:
            lines += [f"{name}:", f"  heard {heard[name]}", f"  model {expected[name]}"]
    return "\n".join(lines)


def test_200_random_edits_leave_page_server_and_model_agreed(serve):
    rng = random.Random(4)
    site = serve(shape={"max_segments": 9, "max_seconds": 30})
    page = site.open()
    model = Model(document(), site._shape)
    done: list[str] = []
    for _ in range(200):
        before, heard = model.document, len(site.documents)
        done.append(random_ui_edit(rng, page, model, site))
        if model.document != before:
            end = time.monotonic() + 5
            while not (len(site.documents) > heard and site.documents[-1] == model.document):
                assert time.monotonic() < end, difference(done, site.documents[-1], model.document)
                page.wait_for_timeout(10)
        shown = segments(page).evaluate_all("nodes => nodes.map((node) => node.dataset.id)")
        assert shown == [r["id"] for r in model.segments], done[-6:]
        assert summary(page) == "" or f"{model.frames()} frames" in summary(page)
    for _ in range(100):
        page.keyboard.press("Control+z")
        model.undo()
    wait_until(lambda: site.documents[-1] == model.document, page)
    for _ in range(100):
        page.keyboard.press("Control+Shift+z")
        model.redo()
    wait_until(lambda: site.documents[-1] == model.document, page)

"""What the timeline editor does to a document, written a second time, and what decides a film's pixels."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

Document = dict[str, Any]
Segment = dict[str, Any]
MAX_DEPTH = 16
REMEMBERED = (
    "prompt", "clips", "seed", "num_inference_steps", "guidance_scale", "picture", "first_clip", "behind",
)  # fmt: skip


class Model:
    """A document, the edits that can be made to it, undo and redo."""

    def __init__(self, document: Document, shape: dict[str, float]) -> None:
        self.document = copy.deepcopy(document)
        self.shape = shape
        self.past: list[Document] = []
        self.future: list[Document] = []

    @property
    def segments(self) -> list[Segment]:
        return self.document["segments"]

    def frames(self, document: Document | None = None) -> int:
        doc = self.document if document is None else document
        total = 0 if doc["footage"] is None else doc["footage"]["num_frames"]
        for index, row in enumerate(doc["segments"]):
            opens = row["picture"] is not None or (index == 0 and doc["footage"] is None)
            total += row["clips"] * self.shape["step_frames"] + opens * self.shape["lead_frames"]
        return total

    def undo(self) -> None:
        if self.past:
            self.future.append(self.document)
            self.document = self.past.pop()

    def redo(self) -> None:
        if self.future:
            self.past.append(self.document)
            self.document = self.future.pop()

    def edit(self, change: Callable[[Document], None]) -> bool:
        """Make a change as one step; False where a limit forbids it. A change of nothing is no step."""
        after = copy.deepcopy(self.document)
        change(after)
        many = len(after["segments"]) > max(self.shape["max_segments"], len(self.segments))
        most = self.shape["max_seconds"] * self.shape["fps"]
        shown = self.frames(after) - (after["footage"] or {"num_frames": 0})["num_frames"]
        if many or (shown > most and self.frames(after) > self.frames()):
            return False
        if any(depth(row["behind"]) > MAX_DEPTH for row in after["segments"]):
            return False
        if after != self.document:
            self.past = [*self.past, self.document][-100:]
            self.future = []
            self.document = after
        return True

    # Edits, by the place of a segment
    def change(self, index: int, **changes: Any) -> bool:
        return self.edit(lambda doc: doc["segments"][index].update(changes))

    def insert(self, index: int, row: Segment) -> bool:
        return self._rearrange(lambda rows: rows.insert(index, copy.deepcopy(row)))

    def remove(self, index: int) -> bool:
        return self._rearrange(lambda rows: rows.pop(index))

    def move(self, index: int, to: int) -> bool:
        return self._rearrange(lambda rows: rows.insert(to, rows.pop(index)))

    def duplicate(self, index: int, new_id: str) -> bool:
        return self.insert(index + 1, self.segments[index] | {"id": new_id, "behind": None})

    def _rearrange(self, change: Callable[[list[Segment]], Any]) -> bool:
        def change_all(doc: Document) -> None:
            rows = doc["segments"]
            left = {row["id"]: rows[i - 1]["id"] if i else None for i, row in enumerate(rows)}
            change(rows)
            for i, row in enumerate(rows):
                if left.get(row["id"], "new") != (rows[i - 1]["id"] if i else None):
                    row["behind"] = None

        return self.edit(change_all)

    def split(self, index: int, clips: int, new_id: str) -> bool:
        def change(doc: Document) -> None:
            rows = doc["segments"]
            for at in range(index + 1, len(rows)):
                root = at - 1 - depth(rows[at]["behind"])
                if rows[at]["behind"] is not None and -1 <= root < index:
                    rows[at]["behind"] = _deeper(rows[at]["behind"], rows, root)
            first, second = _halves(rows[index], clips)
            rows[index : index + 1] = [first, second | {"id": new_id}]

        try:
            return self.edit(change)
        except LookupError:
            return False

    def roll(self, index: int, by: int) -> bool:
        """Move the end of a segment, at the cost of the next one or to its gain."""

        def change(doc: Document) -> None:
            left, right = doc["segments"][index : index + 2]
            clips = min(max(by, 1 - left["clips"]), right["clips"] - 1)
            left["clips"] += clips
            right["clips"] -= clips

        return self.edit(change)

    def reroll(self, index: int, seed: int) -> bool:
        """A new seed; all that follows in the shot grows out of it."""

        def change(doc: Document) -> None:
            rows = doc["segments"]
            rows[index]["seed"] = seed
            for row in rows[index + 1 :]:
                if row["picture"] is not None:
                    break
                row["behind"] = None

        return self.edit(change)

    def reroll_alone(self, index: int, seed: int) -> bool:
        """A new seed; every other segment, also what it remembers, goes on growing out of the old one."""

        def change(doc: Document) -> None:
            rows = doc["segments"]
            old = {key: copy.deepcopy(rows[index][key]) for key in REMEMBERED}
            for at in range(index + 1, len(rows)):
                holder, root = rows[at], at - 1
                while holder["picture"] is None and holder["behind"] is not None:
                    holder, root = holder["behind"], root - 1
                if holder["picture"] is None and root == index:
                    holder["behind"] = copy.deepcopy(old)
            rows[index]["seed"] = seed

        return self.edit(change)

    def heal(self, index: int) -> bool:
        return self.change(index, behind=None)

    def picture(self, index: int, picture: str | None) -> bool:
        return self.change(index, picture=picture, behind=None)

    def footage(self, footage: dict[str, Any] | None) -> bool:
        def change(doc: Document) -> None:
            doc["footage"] = footage
            if doc["segments"]:
                doc["segments"][0]["behind"] = None

        return self.edit(change)

    def settings(self, settings: dict[str, float]) -> bool:
        return self.edit(lambda doc: doc.update(settings=settings))

    def title(self, title: str) -> bool:
        return self.edit(lambda doc: doc.update(title=title))

    def reseed(self, seed: int) -> bool:
        def change(doc: Document) -> None:
            for row in doc["segments"]:
                if not row["locked"]:
                    row.update(seed=seed, behind=None)

        return self.edit(change)


def depth(behind: Segment | None) -> int:
    return 0 if behind is None else 1 + depth(behind["behind"])


def _halves(row: Segment, clips: int) -> tuple[Segment, Segment]:
    second = copy.deepcopy(row) | {"picture": None, "behind": None}
    return row | {"clips": clips}, second | {
        "clips": row["clips"] - clips,
        "first_clip": row["first_clip"] + clips,
    }


def _deeper(behind: Segment | None, rows: list[Segment], root: int) -> Segment:
    """The same pixels in a chain of one more; LookupError where that cannot be."""
    if behind is None:
        if root < 0:
            raise LookupError
        row = {key: copy.deepcopy(rows[root][key]) for key in REMEMBERED}
        return _deeper(row, rows, root - 1 - depth(row["behind"]))
    if behind["picture"] is not None:
        return behind
    if behind["clips"] > 1:
        first, second = _halves(behind, behind["clips"] - 1)
        return second | {"behind": first}
    return behind | {"behind": _deeper(behind["behind"], rows, root)}


def pixels(document: Document) -> list[list[Any]]:
    """For every segment, of each of its clips what decides it: itself and the clip that it grows out of."""
    rows = document["segments"]
    ends: list[Any] = []

    def grow(row: Segment, left: int) -> list[Any]:
        """Clips of a segment whose left neighbour, as it stands now, is ``rows[left]``."""
        if row["picture"] is not None:
            before: Any = ("picture", row["picture"])
        elif row["behind"] is not None:
            before = grow(row["behind"], left - 1)[-1]
        elif left >= 0:
            before = ends[left]
        else:
            before = ("beginning", None if document["footage"] is None else document["footage"]["id"])
        clips = []
        for clip in range(row["clips"]):
            own = (row["prompt"], row["seed"], row["first_clip"] + clip, row["num_inference_steps"])
            before = hash((*own, row["guidance_scale"], before))
            clips.append(before)
        return clips

    film = []
    for index, row in enumerate(rows):
        film.append(grow(row, index - 1))
        ends.append(film[-1][-1])
    return film

"""Other stories differ from a given one in one attribute, and can be told."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from phenaki.evaluation.distractors import full_caption, other_stories
from phenaki.evaluation.facts import ClipFacts, attributes_of, judged_part
from phenaki.evaluation.samples import tells_all
from phenaki.shapes import ClipShape
from phenaki.world.parts import CORE, FULL, LIVELY, WorldPart
from phenaki.world.spec import Stage, StorySpec
from phenaki.world.windows import sample_opening


@pytest.mark.parametrize("part", [CORE, LIVELY, FULL])
def test_each_differs_in_one_attribute(part: WorldPart) -> None:
    rng, part = np.random.default_rng(0), judged_part(part)
    for _ in range(15):
        spec = sample_opening(rng, ClipShape(), combos="all", part=part).spec
        own, others = ClipFacts.told(spec, spec.stages[0]), other_stories(spec, rng, part, 31)
        facts = [ClipFacts.told(other, other.stages[0]) for other in others]
        changed = [[n for n in attributes_of(part) if getattr(f, n) != getattr(own, n)] for f in facts]
        assert all(len(names) == 1 for names in changed) and len(set(facts)) == len(facts)
        assert len(facts) == 31 or spec.second
        if spec.second is None:
            counts = Counter(names[0] for names in changed)
            assert counts["motion"] >= 4 and counts["scene"] >= 4


def test_attributes_take_turns_until_there_are_no_more() -> None:
    spec = StorySpec("fox", "forest", (Stage("jump", 11, "rain"),))
    own = ClipFacts.told(spec, spec.stages[0])
    facts = [ClipFacts.told(o, o.stages[0]) for o in other_stories(spec, np.random.default_rng(0), CORE, 8)]
    counts = Counter(name for f in facts for name in attributes_of(CORE) if getattr(f, name) != getattr(own, name))
    assert counts == {"subject": 2, "scene": 2, "motion": 2, "weather": 2}


def test_it_does_not_rain_on_the_moon() -> None:
    rng = np.random.default_rng(0)
    moon = StorySpec("fox", "moon", (Stage("jump", 11),))
    assert all(o.stages[0].weather == "clear" for o in other_stories(moon, rng, CORE, 31))
    rain = StorySpec("fox", "forest", (Stage("jump", 11, "rain"),))
    assert not any(o.scene in ("moon", "underwater") for o in other_stories(rain, rng, CORE, 31))


@pytest.mark.parametrize("part", [CORE, FULL])
def test_captions_of_others_tell_all(part: WorldPart) -> None:
    rng, part = np.random.default_rng(1), judged_part(part)
    for _ in range(10):
        spec = sample_opening(rng, ClipShape(), combos="all", part=part).spec
        for other in other_stories(spec, rng, part, 6):
            assert tells_all(full_caption(other, rng, part), other, other.stages[0])

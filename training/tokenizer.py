"""The byte-level BPE of the bundled model, split by the expression llama.cpp calls `qwen2`."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache

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


@cache
def load() -> Tokenizer:
    return Tokenizer.from_file(str(PATH))


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
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
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

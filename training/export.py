"""Write the trained weights as a Q8_0 GGUF file that llama.cpp loads, and check it against torch.

`python -m training.export [--out FILE]` exports the last checkpoint; nothing is kept when a check fails.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import gguf
import numpy as np
import torch

from inference.llama import LlamaBackend
from settings.schema import Model as Settings
from training import special, tokenizer
from training.corpus import DATA
from training.evaluate import logits
from training.model import Llama, Shape
from training.train import CHECKPOINT

NAME = "Nearside FIM 5M"
CONTEXT = 1024  # tokens: the length of the last rows it was trained on; the engine sends no more
SHIPPED = Path(__file__).parents[1] / "inference" / "models" / "nearside-fim.gguf"
NORMAL, CONTROL = 1, 3  # llama.cpp's token types


def gguf_name(name: str) -> str:
    return name if name.endswith(".weight") else name + ".weight"


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    """The weights of an exported model under torch's names, dequantised."""
    known = {gguf_name(name): name for name in Llama(Shape()).state_dict()}
    found = {}
    for tensor in gguf.GGUFReader(path).tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        found[known[tensor.name]] = torch.from_numpy(np.array(values, dtype=np.float32))
    return found


def write(weights: dict[str, torch.Tensor], shape: Shape, path: Path) -> None:
    """All matrices as Q8_0, norms as f32; rotary pairs already lie as GGUF's `llama` wants them."""
    coder = json.loads(tokenizer.load().to_str())["model"]
    tokens = sorted(coder["vocab"], key=coder["vocab"].get)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(NAME)
    writer.add_license("Apache-2.0")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_rope_freq_base(shape.theta)
    writer.add_rope_dimension_count(shape.head)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([CONTROL if t in special.SPECIAL else NORMAL for t in tokens])
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in coder["merges"]])
    writer.add_bos_token_id(special.END)
    writer.add_eos_token_id(special.END)
    writer.add_pad_token_id(special.PAD)
    writer.add_add_bos_token(False)
    for name, weight in weights.items():
        values = np.ascontiguousarray(weight.float().numpy())
        if values.ndim == 2:
            packed = gguf.quants.quantize(values, gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(gguf_name(name), packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(gguf_name(name), values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def check(path: Path, weights: dict[str, torch.Tensor], shape: Shape, files: int = 200) -> None:
    """Compare tokens on many files, and logits on a few, with llama.cpp's; raise when they differ."""
    texts = []
    with (DATA / "corpus.jsonl").open() as lines:
        for line in lines:
            row = json.loads(line)
            if row["held_out"]:
                texts.append(row["text"])
            if len(texts) == files:
                break
    backend = LlamaBackend(path, Settings(threads=1, documents=1))
    same = sum(backend.tokenize(t) == tokenizer.load().encode(t, add_special_tokens=False).ids for t in texts)
    model = Llama(shape)
    model.load_state_dict(weights)
    agree = total = 0
    apart = []
    for text in texts[:8]:
        ids = backend.tokenize(text)[:400]
        with torch.no_grad():
            ours = model(torch.tensor([ids]))[0].numpy()
        theirs = logits(backend, ids)
        agree += int((ours.argmax(1) == theirs.argmax(1)).sum())
        total += len(ids)
        apart.append(float(np.abs(ours - theirs).mean()))
    print(f"tokens equal on {same} of {len(texts)} files; same best token at {agree} of {total} positions;")
    print(f"mean logit difference {np.mean(apart):.4f} (Q8_0 weights and f16 KV cache against f32)")
    if same != len(texts) or agree < 0.97 * total or np.mean(apart) > 0.1:
        raise SystemExit(
            "Not exported: the GGUF file does not behave as the checkpoint does; see the line above."
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    arguments = parser.parse_args()
    saved = torch.load(CHECKPOINT, weights_only=True)
    weights, shape = saved["optimiser"]["weights"], Shape()
    partial = arguments.out.with_suffix(".partial")
    write(weights, shape, partial)
    check(partial, weights, shape)
    os.replace(partial, arguments.out)
    counts = saved["counts"]
    print(
        f"{arguments.out.name}: {arguments.out.stat().st_size} bytes, {counts['tokens'] / 1e6:.1f} M tokens,"
    )
    print(f"{counts['seconds'] / 60:.0f} minutes in {counts['runs']} runs, step {saved['optimiser']['step']}")


if __name__ == "__main__":
    main()

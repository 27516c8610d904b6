"""A small Llama in torch, with the rotary pairs interleaved as GGUF's `llama` architecture stores them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BLOCK = 256  # queries
CHUNK = 512  # positions


@dataclass(frozen=True)
class Shape:
    vocabulary: int = 4096
    width: int = 256
    layers: int = 6
    heads: int = 4
    kv_heads: int = 2
    hidden: int = 704
    context: int = 1024
    theta: float = 10_000.0
    epsilon: float = 1e-5

    @property
    def head(self) -> int:
        return self.width // self.heads


def rotations(shape: Shape, length: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine [length, head / 2] of the rotary angles."""
    speed = shape.theta ** (-torch.arange(0, shape.head, 2, dtype=torch.float32) / shape.head)
    angles = torch.outer(torch.arange(length, dtype=torch.float32), speed)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn neighbouring pairs of the last dimension; x is [batch, heads, length, head]."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """Causal attention in blocks of queries; `mask` [.., length, length] is added to the scores.

    On one CPU thread this is twice as fast as torch's fused kernel, whose backward pass is slow in bf16.
    """
    q = q * q.shape[-1] ** -0.5
    mixed = []
    for start in range(0, q.shape[2], BLOCK):
        stop = start + BLOCK
        scores = q[:, :, start:stop] @ k[:, :, :stop].transpose(-1, -2) + mask[..., start:stop, :stop]
        mixed.append(scores.softmax(-1) @ v[:, :, :stop])
    return torch.cat(mixed, 2)


def causal_mask(length: int, dtype: torch.dtype, samples: Tensor | None = None) -> Tensor:
    """Minus infinity for later tokens and, given `samples` [batch, length], for those of other samples."""
    allowed = torch.ones(length, length, dtype=torch.bool).tril()
    if samples is not None:
        allowed = (allowed & (samples[:, :, None] == samples[:, None, :]))[:, None]
    return torch.zeros(allowed.shape, dtype=dtype).masked_fill_(~allowed, float("-inf"))


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        narrow = shape.kv_heads * shape.head
        self.attn_norm = nn.Parameter(torch.ones(shape.width))
        self.ffn_norm = nn.Parameter(torch.ones(shape.width))
        self.attn_q = nn.Linear(shape.width, shape.width, bias=False)
        self.attn_k = nn.Linear(shape.width, narrow, bias=False)
        self.attn_v = nn.Linear(shape.width, narrow, bias=False)
        self.attn_output = nn.Linear(shape.width, shape.width, bias=False)
        self.ffn_gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        batch, length, _ = x.shape
        shape = self.shape
        h = F.rms_norm(x, (shape.width,), self.attn_norm, shape.epsilon)
        q = self.attn_q(h).view(batch, length, shape.heads, shape.head).transpose(1, 2)
        k = self.attn_k(h).view(batch, length, shape.kv_heads, shape.head).transpose(1, 2)
        v = self.attn_v(h).view(batch, length, shape.kv_heads, shape.head).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        group = shape.heads // shape.kv_heads
        k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        mixed = attend(q, k, v, mask)
        x = x + self.attn_output(mixed.transpose(1, 2).reshape(batch, length, shape.width))
        h = F.rms_norm(x, (shape.width,), self.ffn_norm, shape.epsilon)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))


class Llama(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.output_norm = nn.Parameter(torch.ones(shape.width))
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                # What writes to the residual stream starts small, so that depth does not add up.
                last = name.endswith(("attn_output.weight", "ffn_down.weight"))
                nn.init.normal_(parameter, std=0.02 / (2 * shape.layers) ** 0.5 if last else 0.02)

    def body(self, ids: Tensor, mask: Tensor) -> Tensor:
        x = self.token_embd(ids)
        cos, sin = (t.to(x.dtype) for t in rotations(self.shape, ids.shape[1]))
        for layer in self.blk:
            x = layer(x, cos, sin, mask)
        return F.rms_norm(x, (self.shape.width,), self.output_norm, self.shape.epsilon)

    def forward(self, ids: Tensor, samples: Tensor | None = None) -> Tensor:
        """Logits [batch, length, vocabulary]; the embedding is used again as the output matrix."""
        mask = causal_mask(ids.shape[1], self.token_embd.weight.dtype, samples)
        return F.linear(self.body(ids, mask), self.token_embd.weight)

    def losses(self, ids: Tensor, targets: Tensor, weights: Tensor, samples: Tensor) -> tuple[Tensor, Tensor]:
        """The weighted mean loss to train on, and every target's cross-entropy in nats [batch * length]."""
        mask = causal_mask(ids.shape[1], self.token_embd.weight.dtype, samples)
        hidden = self.body(ids, mask).flatten(0, 1)
        shares = weights.flatten() / weights.sum()
        return HeadLoss.apply(hidden, self.token_embd.weight, targets.flatten(), shares)


class HeadLoss(torch.autograd.Function):
    """Output matrix and cross-entropy in one, a few hundred positions at a time so that logits stay in cache.

    The gradients are worked out on the way forward: the logits of a batch are never stored.
    """

    @staticmethod
    def forward(
        ctx, hidden: Tensor, matrix: Tensor, targets: Tensor, shares: Tensor
    ) -> tuple[Tensor, Tensor]:
        by_hidden = torch.empty_like(hidden)
        by_matrix = torch.zeros(matrix.shape, dtype=torch.float32)
        losses = torch.empty(len(targets))
        for start in range(0, len(targets), CHUNK):
            part = slice(start, start + CHUNK)
            chances = (hidden[part] @ matrix.T).float().softmax(-1)
            right = targets[part, None]
            losses[part] = -chances.gather(1, right).clamp_min(1e-20).log()[:, 0]
            chances.scatter_add_(1, right, chances.new_full((1, 1), -1.0).expand_as(right))
            slope = (chances * shares[part, None]).to(hidden.dtype)
            by_hidden[part] = slope @ matrix
            by_matrix += slope.T @ hidden[part]
        ctx.save_for_backward(by_hidden, by_matrix.to(matrix.dtype))
        ctx.mark_non_differentiable(losses)
        return (losses * shares).sum(), losses

    @staticmethod
    def backward(ctx, above: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        by_hidden, by_matrix = ctx.saved_tensors
        return by_hidden * above, by_matrix * above, None, None

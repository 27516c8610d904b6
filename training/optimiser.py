"""Muon for the matrices and Adam for the rest, over fp32 master copies of bf16 weights."""

from __future__ import annotations

import torch
from torch import Tensor

from training.model import Llama

MUON_RATE = 0.015
ADAM_RATE = 0.003
MUON_MOMENTUM = 0.95
ADAM_BETAS = (0.9, 0.97)
DECAY = 0.02  # weight decay, in units of the learning rate


def orthogonal(x: Tensor) -> Tensor:
    """The nearest matrices with equal singular values [n, rows, columns], by five Newton-Schulz steps.

    Coefficients are those of Keller Jordan's Muon, tuned to reach [0.7, 1.2] rather than to converge.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = x.bfloat16()
    tall = x.shape[-2] > x.shape[-1]
    x = x.transpose(-1, -2) if tall else x
    x = x / (x.float().norm(dim=(-2, -1), keepdim=True).to(x.dtype) + 1e-7)
    for _ in range(5):
        square = x @ x.transpose(-1, -2)
        x = a * x + (b * square + c * (square @ square)) @ x
    return x.transpose(-1, -2) if tall else x


class Optimiser:
    """Holds the master weights in one flat buffer; does part `share` of `shares` of Muon's work."""

    def __init__(self, model: Llama, share: int, shares: int) -> None:
        self.share, self.shares = share, shares
        self.live = dict(model.named_parameters())
        self.size = sum(p.numel() for p in self.live.values())
        self.master = torch.zeros(self.size)
        self.momentum = torch.zeros(self.size)
        self.square = torch.zeros(self.size)
        self.step_number = 0
        self.spans: dict[str, slice] = {}
        offset = 0
        for name, parameter in self.live.items():
            self.spans[name] = slice(offset, offset + parameter.numel())
            self.master[self.spans[name]] = parameter.detach().float().flatten()
            offset += parameter.numel()
        groups: dict[torch.Size, list[str]] = {}
        for name, parameter in self.live.items():
            if name.startswith("blk.") and parameter.ndim == 2:
                groups.setdefault(parameter.shape, []).append(name)
        self.matrices = groups
        in_groups = {name for names in groups.values() for name in names}
        self.others = [name for name in self.live if name not in in_groups]

    def matrix_updates(self, gradient: Tensor, updates: Tensor) -> None:
        """Write this process's share of the matrices' directions into `updates`, which starts as zeros."""
        for shape, names in self.matrices.items():
            for name in names:
                self.momentum[self.spans[name]].lerp_(gradient[self.spans[name]], 1 - MUON_MOMENTUM)
            mine = names[self.share :: self.shares]
            ahead = [
                gradient[self.spans[name]].lerp(self.momentum[self.spans[name]], MUON_MOMENTUM).view(shape)
                for name in mine
            ]
            scale = max(1.0, shape[0] / shape[1]) ** 0.5
            for name, direction in zip(mine, orthogonal(torch.stack(ahead)), strict=True):
                updates[self.spans[name]] = direction.flatten().to(updates.dtype) * scale

    def apply(self, gradient: Tensor, updates: Tensor, factor: float) -> None:
        """One step at `factor` times the full learning rates, then refresh the live bf16 weights."""
        self.step_number += 1
        fast, slow = ADAM_BETAS
        for names in self.matrices.values():
            for name in names:
                span = self.spans[name]
                self.master[span].mul_(1 - factor * MUON_RATE * DECAY)
                self.master[span].add_(updates[span].float(), alpha=-factor * MUON_RATE)
        for name in self.others:
            span = self.spans[name]
            self.momentum[span].lerp_(gradient[span], 1 - fast)
            self.square[span].lerp_(gradient[span].square(), 1 - slow)
            first = self.momentum[span] / (1 - fast**self.step_number)
            second = self.square[span] / (1 - slow**self.step_number)
            self.master[span].addcdiv_(first, second.sqrt().add_(1e-10), value=-factor * ADAM_RATE)
        self.refresh()

    def refresh(self) -> None:
        with torch.no_grad():
            for name, parameter in self.live.items():
                parameter.copy_(self.master[self.spans[name]].view(parameter.shape))

    def gradient(self, out: Tensor) -> None:
        """Copy the live gradients into `out` and clear them."""
        for name, parameter in self.live.items():
            assert parameter.grad is not None
            out[self.spans[name]] = parameter.grad.flatten().float()
            parameter.grad = None

    def state(self) -> dict[str, object]:
        return {
            "master": self.master, "momentum": self.momentum, "square": self.square, "step": self.step_number,
            "weights": {n: self.master[s].view(self.live[n].shape) for n, s in self.spans.items()},
        }  # fmt: skip

    def restore(self, state: dict[str, object]) -> None:
        for name in ("master", "momentum", "square"):
            getattr(self, name).copy_(state[name])
        self.step_number = int(str(state["step"]))
        self.refresh()

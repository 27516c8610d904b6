"""Train the model on two CPU cores: one process a core, one torch thread each, gradients averaged with gloo.

`python -m training.train --until 12:58` resumes from the last checkpoint in the data folder if there is one.
The processes give way to everything else on the machine. Their ids are in the file `pids` of the data folder:
`kill -STOP` all of them to pause and `kill -CONT` to go on, at any time. A file named `stop` in that folder
makes them save and end.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # threads of one process wait for each other when the machine is shared
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import argparse
import time
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import torch
import torch.distributed as dist
from torch import multiprocessing

from training.corpus import DATA
from training.model import Llama, Shape
from training.optimiser import Optimiser
from training.samples import Library, batch

PROCESSES = 2
WARM_UP = 60  # steps
ROWS = 8  # of 512 tokens, in each process; half as many of 1,024
LAST_FACTOR = 0.03  # of the learning rate, at the end of the decay
CLIP = 1.0
CHECKPOINT = DATA / "checkpoint.pt"
STOP = DATA / "stop"
SAVE_EVERY = 300.0  # seconds


def give_way() -> None:
    """Run only when nothing else wants the core."""
    os.nice(19)
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def rate_factor(step_in_run: int, now: float, decay_from: float, end: float) -> float:
    """Share of the full learning rate: a short warm-up in every run, level, then a line down to the end."""
    if now >= end:
        return LAST_FACTOR
    decayed = max(0.0, (now - decay_from) / (end - decay_from))
    return min(1.0, (step_in_run + 1) / WARM_UP) * (1 - (1 - LAST_FACTOR) * decayed)


def save(state: dict[str, object], path: Path) -> None:
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def start_weights(optimiser: Optimiser, warm: Path | None) -> dict[str, float]:
    """Load the last checkpoint, or else the weights of an exported model, and return the counts so far."""
    if CHECKPOINT.exists():
        saved = torch.load(CHECKPOINT, weights_only=True)
        optimiser.restore(saved["optimiser"])
        return saved["counts"]
    if warm is not None:
        from training.export import weights_of

        for name, weight in weights_of(warm).items():
            optimiser.master[optimiser.spans[name]] = weight.flatten()
        optimiser.refresh()
    return {"tokens": 0, "seconds": 0.0, "runs": 0}


def work(rank: int, arguments: argparse.Namespace) -> None:
    give_way()
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", f"file://{arguments.meeting}", rank=rank, world_size=PROCESSES, timeout=timedelta(hours=3)
    )
    torch.manual_seed(0)
    model = Llama(Shape()).bfloat16()
    torch.manual_seed(0)
    optimiser = Optimiser(model, rank, PROCESSES)
    counts = start_weights(optimiser, arguments.warm)
    library = Library()
    chance = Random(f"{rank} {optimiser.step_number} {time.time_ns()}")
    log = (DATA / "train.log").open("a", buffering=1)
    counts["runs"] += 1
    gradient = torch.zeros(optimiser.size + 6)  # and loss, tokens, middle loss, middle tokens, rate, stop
    updates = torch.zeros(optimiser.size, dtype=torch.bfloat16)
    begun = saved_at = logged_at = time.time()
    seen: list[float] = [0.0] * 4
    since = step = 0
    making = 0.0
    while True:
        now = time.time()
        length = 1024 if now >= arguments.long_from else 512
        ids_, weights_, samples_ = batch(library, ROWS * 512 // length, length, chance)
        ids, weights, samples = torch.from_numpy(ids_), torch.from_numpy(weights_), torch.from_numpy(samples_)
        making += time.time() - now
        loss, losses = model.losses(ids[:, :-1], ids[:, 1:], weights, samples)
        loss.backward()
        optimiser.gradient(gradient)
        flat = weights.flatten()
        middle = flat > 1
        gradient[-6:] = torch.tensor(
            [
                float(losses[flat > 0].sum()), float((flat > 0).sum()), float(losses[middle].sum()),
                float(middle.sum()),
                rate_factor(step, now, arguments.decay_from, arguments.end) if rank == 0 else 0.0,
                float(now >= arguments.end or STOP.exists()) if rank == 0 else 0.0,
            ]
        )  # fmt: skip
        dist.all_reduce(gradient)
        factor, stop = float(gradient[-2]), float(gradient[-1])
        seen = [a + float(b) for a, b in zip(seen, gradient[-6:-2], strict=True)]
        grads = gradient[:-6].div_(PROCESSES)
        norm = float(grads.norm())
        grads.mul_(min(1.0, CLIP / (norm + 1e-6)))
        updates.zero_()
        optimiser.matrix_updates(grads, updates)
        dist.all_reduce(updates)
        optimiser.apply(grads, updates, factor)
        step += 1
        since += PROCESSES * ids[:, 1:].numel()
        counts["tokens"] += PROCESSES * ids[:, 1:].numel()
        if rank == 0 and (step % 20 == 0 or stop):
            took = time.time() - logged_at
            log.write(
                f"{datetime.now():%H:%M:%S} step {optimiser.step_number} "
                f"tokens {counts['tokens'] / 1e6:.2f}M loss {seen[0] / seen[1]:.3f} "
                f"middle {seen[2] / seen[3]:.3f} rate {factor:.3f} norm {norm:.2f} "
                f"length {length} tokens/s {since / took:.0f} data {making / took:.1%}\n"
            )
            seen, since, making, logged_at = [0.0] * 4, 0, 0.0, time.time()
        if rank == 0 and (stop or time.time() - saved_at > SAVE_EVERY):
            counts["seconds"] += time.time() - begun
            begun = saved_at = time.time()
            save({"optimiser": optimiser.state(), "counts": counts}, CHECKPOINT)
        if stop:
            break
    dist.barrier()


def today(clock: str) -> float:
    hour, minute = map(int, clock.split(":"))
    return datetime.now().replace(hour=hour, minute=minute, second=0).timestamp()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument("--until", help="local time HH:MM to end at")
    when.add_argument("--minutes", type=float, help="how long to train")
    parser.add_argument(
        "--decay-minutes", type=float, default=35, help="the learning rate falls over the last of these"
    )
    parser.add_argument(
        "--long-minutes", type=float, default=28, help="rows of 1,024 tokens over the last of these"
    )
    parser.add_argument("--warm", type=Path, help="a GGUF file to start from when there is no checkpoint")
    arguments = parser.parse_args()
    arguments.end = today(arguments.until) if arguments.until else time.time() + 60 * arguments.minutes
    arguments.decay_from = arguments.end - 60 * arguments.decay_minutes
    arguments.long_from = arguments.end - 60 * arguments.long_minutes
    arguments.meeting = DATA / "meeting"
    arguments.meeting.unlink(missing_ok=True)
    STOP.unlink(missing_ok=True)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=work, args=(rank, arguments)) for rank in range(PROCESSES)]
    for worker in workers:
        worker.start()
    (DATA / "pids").write_text("".join(f"{w.pid}\n" for w in workers))
    for worker in workers:
        worker.join()
    (DATA / "pids").unlink(missing_ok=True)
    if any(worker.exitcode for worker in workers):
        raise SystemExit(
            "Training stopped early: a process failed. Its message is above; start again to resume."
        )


if __name__ == "__main__":
    main()

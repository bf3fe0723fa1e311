"""Two computations timed in turn, and the memory they take."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import torch


def finish(device: torch.device) -> None:
    """Wait until a device has finished its work."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def compare(name: str, run: Callable[[], None], forward: Callable[[], None], rounds: int) -> dict[str, Any]:
    """Seconds, ratio and memory of both, in turn."""
    forward()
    after_forward = peak_megabytes()
    forward_seconds, run_seconds = [], []
    for _ in range(rounds):
        forward_seconds.append(_seconds(forward))
        run_seconds.append(_seconds(run))
    ratios = [d / f for d, f in zip(run_seconds, forward_seconds, strict=True)]
    return {
        "forward_seconds": round(statistics.median(forward_seconds), 3),
        f"{name}_seconds": round(statistics.median(run_seconds), 3),
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "peak_mb_forward": after_forward,
        f"peak_mb_{name}": peak_megabytes(),
        "threads": torch.get_num_threads(),
    }


def peak_megabytes() -> int:
    """Peak resident memory of this process, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 2**20 if sys.platform == "darwin" else peak // 2**10


def _seconds(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start

"""Interrupts that are held back, and what an interrupted run says of its files."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from dissect_widgets.core.data.interrupt import InterruptedRun, deferred_interrupt


def test_ignored_interrupts_stay_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with deferred_interrupt() as waits:
            os.kill(os.getpid(), signal.SIGINT)
            assert not waits()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_first_waits_and_the_second_does_not() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), deferred_interrupt() as waits:
        os.kill(os.getpid(), signal.SIGINT)
        assert waits()
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_files_that_vanish_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "x").write_bytes(b"12345")
    (tmp_path / "gone").symlink_to("nowhere")
    run = InterruptedRun(of="x", done=1, total=2, key=0, state=None, folder=tmp_path)
    assert run.nbytes == 5
    run.folder = tmp_path / "nowhere"
    assert run.nbytes == 0

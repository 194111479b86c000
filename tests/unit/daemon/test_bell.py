"""The bell: from threads, from signal handlers, from other processes; bursts are heard once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bridge.daemon.bell import SocketBell, ring_at


def test_a_burst_is_heard_once_with_all_its_reasons() -> None:
    with SocketBell() as bell:
        for _ in range(5000):
            bell.ring("vault")
        bell.ring("config")
        assert bell.wait(5) == {"vault", "config"}
        assert bell.wait(0) == frozenset()


def test_a_thread_wakes_who_waits() -> None:
    with SocketBell() as bell:
        thread = threading.Timer(0.02, bell.ring, ["vault"])
        thread.start()
        assert bell.wait(30) == {"vault"}
        thread.join()


def test_another_process_wakes_it_and_says_nothing() -> None:
    with SocketBell() as bell:
        code = f"from bridge.daemon.bell import ring_at; ring_at({bell.port})"
        subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
        assert bell.wait(30) == frozenset()


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="no such signal on this system")
def test_a_signal_handler_may_ring_it() -> None:
    with SocketBell() as bell:
        before = signal.signal(signal.SIGUSR1, lambda *_: bell.ring("signal"))
        try:
            threading.Timer(0.02, os.kill, [os.getpid(), signal.SIGUSR1]).start()
            assert bell.wait(30) == {"signal"}
        finally:
            signal.signal(signal.SIGUSR1, before)


def test_ringing_at_nobody_is_no_error() -> None:
    bell = SocketBell()
    port = bell.port
    bell.close()
    ring_at(port)
    bell.ring("late")

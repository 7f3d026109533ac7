"""Processes that append to one ledger: `python -m tests.ledger.crowd writers|killed|full PATH`.

By a process of its own, which holds no threads when it forks.
"""

import os
import random
import resource
import signal
import sys
import time
from pathlib import Path

from evalharness.ledger import file
from tests.ledger.lines import entry


def appended(path: Path, n: int, who: str) -> None:
    with file.locked(path):
        file.append(path, [entry(n, evaluation=who)], "cats")


def writers(path: Path) -> None:
    """Eight at once, ten lines each."""
    children = []
    for child in range(8):
        children.append(os.fork())
        if children[-1] == 0:
            for n in range(10):
                appended(path, n, f"Test{child}")
            os._exit(0)
    sys.exit(max(os.waitpid(pid, 0)[1] for pid in children))


def killed(path: Path) -> None:
    """Forty that append without end, one after the other, each killed at a random time; after each,
    one line more."""
    rng = random.Random(0)
    for n in range(40):
        child = os.fork()
        if child == 0:
            while True:
                appended(path, n, "TestKilled")
        time.sleep(0.002 + 0.015 * rng.random())
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        appended(path, n, "TestAfter")


def full(path: Path) -> None:
    """One line, where a limit on the size of files leaves room for a hundred bytes."""
    size = path.stat().st_size + 100
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        appended(path, 9, "TestFull")
    except OSError as error:
        print(type(error).__name__)


if __name__ == "__main__":
    {f.__name__: f for f in (writers, killed, full)}[sys.argv[1]](Path(sys.argv[2]))

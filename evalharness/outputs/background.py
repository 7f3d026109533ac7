"""Work that goes on in another thread: the next items of an iterator, answers about files."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

T = TypeVar("T")
A = TypeVar("A")

# Items that are made before they are asked for: a bound on the memory that they take.
AHEAD = 2


def ahead(items: Iterator[T], depth: int = AHEAD) -> Iterator[T]:
    """The same items, of which the next ones are made in another thread meanwhile.

    What making them raises is raised where the item would have come. Closing this iterator ends the
    thread.
    """
    end: Any = object()
    with ThreadPoolExecutor(1, "evalharness-read") as thread:
        coming = deque(thread.submit(next, items, end) for _ in range(depth))
        while (item := coming.popleft().result()) is not end:
            coming.append(thread.submit(next, items, end))
            yield item


class Answers(Generic[A, T]):
    """A function of each of some arguments, one after the other in a thread of its own, which does
    not keep the process alive."""

    def __init__(self, function: Callable[[A], T], arguments: Sequence[A]):
        self._found: list[Future[T]] = [Future() for _ in arguments]

        def work() -> None:
            for argument, answer in zip(arguments, self._found, strict=True):
                try:
                    answer.set_result(function(argument))
                except BaseException as error:
                    answer.set_exception(error)

        threading.Thread(target=work, name="evalharness-hash", daemon=True).start()

    def all(self) -> list[T]:
        """All answers, once they are there; raises what the first that failed has raised."""
        return [answer.result() for answer in self._found]

"""Sharing many small waits among threads.

Where a file system makes each removal wait for the disk, eight threads wait eight times shorter.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    T = TypeVar("T")
    R = TypeVar("R")

#: Below so many items threads cost more than they save.
MANY = 50
_THREADS = 8


def share(work: Callable[[T], R], items: Sequence[T], many: int = MANY) -> list[R]:
    """Do `work`, which never raises, for every item; in any order when there are `many` or more."""
    if len(items) < many:
        return [work(item) for item in items]
    from threading import Thread

    answers: list[R] = []

    def do(part: Sequence[T]) -> None:
        answers.extend([work(item) for item in part])

    threads = []
    for part in [items[first::_THREADS] for first in range(_THREADS)]:
        thread = Thread(target=do, args=(part,))
        try:
            thread.start()
        except RuntimeError:  # the system has no more of them
            do(part)
        else:
            threads.append(thread)
    for thread in threads:
        thread.join()
    return answers

"""How every command begins: read the newest operation, and see the repository as it stands after it.

A command that only looks is `reading`; one that changes anything is `writing`, see `muse.core.writing`. Both start
over as a whole when a pack they need was replaced meanwhile.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from muse.core import finish, ops
from muse.core.errors import Refused
from muse.core.pack import PackGone
from muse.core.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from muse.core.ops import Operation
    from muse.core.repo import Repo
    from muse.core.store import ObjectStore

T = TypeVar("T")


class State(NamedTuple):
    """The repository as one round of a command sees it.

    Attributes:
        repo: The repository.
        operation: The newest operation; None in a repository without history.
        view: Its view.
        store: Its objects.
        notes: Lines that the answer must begin with; a command may add to them.
    """

    repo: Repo
    operation: Operation | None
    view: View
    store: ObjectStore
    notes: list[str]

    @property
    def number(self) -> int:
        """The number of the newest operation; 0 when there is none."""
        return self.operation.number if self.operation is not None else 0


def reading(repo: Repo, work: Callable[[State], T]) -> T:
    """Run a command that changes nothing, after finishing what a dead one began if nobody is busy with it."""
    notes: list[str] = []
    operation = ops.newest(repo.layout)
    if finish.is_needed(repo.layout, operation):
        finish.if_free(repo, notes)
        operation = ops.newest(repo.layout)
    for _ in range(ops.TRIES):
        store = ops.open_store(repo.layout, operation)
        try:
            return work(State(repo, operation, view_of(operation), store, notes))
        except PackGone:
            operation = ops.newest(repo.layout)
        finally:
            store.close()
    raise Refused("others keep replacing the packs of this repository", "Try again.", kind="busy")


def view_of(operation: Operation | None) -> View:
    """The view after an operation; that of an empty repository when there is none."""
    return operation.view if operation is not None else View()

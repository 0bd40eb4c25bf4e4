"""How every command begins: read the newest operation, and see the repository as it stands after it.

A command that only looks is `reading`; one that changes anything is `writing`, see `muse.core.commands.writing`. Both
start over as a whole when a pack they need was replaced meanwhile.
"""

from __future__ import annotations

from muse.core.base.errors import Changing, Damaged, Refused
from muse.core.base.named import NamedTuple
from muse.core.folder import folder_state
from muse.core.operations import ops
from muse.core.operations.view import View
from muse.core.packs.pack import PackGone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from muse.core.operations.ops import Operation
    from muse.core.packs.store import ObjectStore
    from muse.core.repo import Repo

    T = TypeVar("T")


class State(NamedTuple):
    """The repository as one round of a command sees it.

    Attributes:
        repo: The repository.
        operation: The newest operation; None in a repository without history. For `doctor`, the newest that is whole.
        view: Its view.
        store: Its objects.
        notes: Lines that the answer must begin with; a command may add to them.
        last: The highest number in the log, where `operation` does not have it, as what has is damaged.
        final: Whether the command cannot start over any more: what changes under its eyes is taken as it is read.
    """

    repo: Repo
    operation: Operation | None
    view: View
    store: ObjectStore
    notes: list[str]
    last: int = 0
    final: bool = False

    @property
    def number(self) -> int:
        """The number of the newest operation; 0 when there is none."""
        return max(self.last, self.operation.number if self.operation is not None else 0)

    @property
    def kept(self) -> range:
        """The numbers of all operations that are kept, newest first."""
        return range(self.number, self.operation.oldest - 1 if self.operation is not None else 0, -1)

    def operations(self, lost: list[int] | None = None) -> Iterator[Operation]:
        """Every operation that is kept, newest first, without damaged ones that `doctor` has stood in for.

        Args:
            lost: Takes the numbers of those that are damaged or missing, and they are passed over.

        Raises:
            Damaged: One is missing, or is not what was written, and `lost` is not given.
        """
        mended: set[int] = set()
        for number in self.kept:
            if number in mended:
                continue
            try:
                operation = self.operation_at(number)
            except Damaged:
                if lost is None:
                    raise
                lost.append(number)
                continue
            if operation is None:
                return
            mended.update(operation.lost)
            yield operation

    def operation_at(self, number: int) -> Operation | None:
        """An operation that is kept; None when a gc has dropped it meanwhile.

        Raises:
            Damaged: It is missing, or is not what was written.
        """
        try:
            return ops.read(self.repo.layout, number)
        except FileNotFoundError:
            newest = ops.newest(self.repo.layout)
            if newest is not None and number < newest.oldest:
                return None
            raise Damaged(f"operation {number} is missing from the log") from None


def reading(repo: Repo, work: Callable[[State], T], *, live: bool = False) -> T:
    """Run a command that changes nothing, after finishing what a dead one began if nobody is busy with it.

    Args:
        repo: The repository.
        work: Looks at one state, and answers. It is called again when a pack that it needs was replaced.
        live: Whether it looks at the files of the folder as well: then it is called again, too, when somebody has
            changed them under its eyes.
    """
    notes: list[str] = []
    operation, gone = ops.latest(repo.layout)
    if gone and operation is not None:
        from muse.core.commands import hints

        notes.append(f"{hints.told(repo.layout, gone, operation.number)}; `muse doctor` looks for it")
    if folder_state.is_unfinished(repo.layout, operation):
        from muse.core.commands import finish

        if not finish.if_free(repo, notes) and live and folder_state.is_behind(repo.layout, operation):
            notes.append("another muse command is changing the files of this folder")
        operation = ops.newest(repo.layout)
    for left in reversed(range(ops.TRIES)):
        store = ops.open_store(repo.layout, operation)
        try:
            answer = work(State(repo, operation, view_of(operation), store, list(notes), final=live and not left))
            if not (live and left and _has_moved(repo, operation)):
                return answer
        except PackGone:
            pass
        except Changing:
            if not (live and left):
                raise
        finally:
            store.close()
        operation = ops.newest(repo.layout)
    raise Refused("others keep replacing the packs of this repository", "Try again.", kind="busy")


def _has_moved(repo: Repo, operation: Operation | None) -> bool:
    """Whether a later one has changed files of the folder."""
    if ops.newest_number(repo.layout) == (operation.number if operation is not None else 0):
        return False
    return _folder_of(ops.newest(repo.layout)) != _folder_of(operation)


def _folder_of(operation: Operation | None) -> int:
    """Number of the newest operation that changes files of the folder; 0 when there is none."""
    return operation.folder if operation is not None else 0


def view_of(operation: Operation | None) -> View:
    """The view after an operation; that of an empty repository when there is none."""
    return operation.view if operation is not None else View()

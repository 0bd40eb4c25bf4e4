"""Put uncommitted work aside, and bring it back."""

from __future__ import annotations

import os

from muse.core.base.errors import UsageProblem
from muse.core.base.named import NamedTuple
from muse.core.base.names import writable
from muse.core.commands.command import State, reading
from muse.core.commands.writing import EXCLUSIVE, NO_LOCK, Draft, writing
from muse.core.operations import shelf as core
from muse.core.operations.shelf import Shelved
from muse.core.repo import Repo
from muse.core.types import id_of
from muse.display.document import Block, Hint, Notice, Span, Table, line
from muse.display.result import Result
from muse.display.words import plural, short_id, when
from muse.notebook import session
from muse.verbs._files import status_of
from muse.verbs._travel import Files, changes_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator, Sequence

    from muse.core.folder.scan import Skipped
    from muse.verbs._shelving import Move

EXAMPLE = 'muse shelf push -m "half of the new plot"'

_ACTIONS = ("push", "pop", "list", "drop")


class _Fields(NamedTuple):
    did: str
    done: bool
    shelf: tuple[Shelved, ...]
    files: Files
    skipped: tuple[Skipped, ...]
    hint: str
    notes: tuple[str, ...]


class ShelfResult(Result, _Fields):
    """The shelf after the command.

    Attributes:
        did: What was done, in a sentence; empty when the shelf was only listed.
        done: False when there was nothing to shelve, or nothing on the shelf.
        shelf: What is on the shelf, newest first: `pop 1` takes the first.
        files: What changed in the folder.
        skipped: What `push` left in the folder because a commit would leave it out, and why.
        hint: What to do next.
        notes: Warnings.
    """

    __slots__ = ()

    @property
    def exit_status(self) -> int:
        """1 when there was nothing to shelve, or to bring back."""
        return 0 if self.done else 1

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        from muse.verbs.status import skipped_lines

        yield from map(Notice, self.notes)
        if self.did:
            yield line(self.did)
        elif self.shelf:
            yield Table(tuple(self._row(position, one) for position, one in enumerate(self.shelf, 1)))
        else:
            yield line("The shelf is empty.")
            yield Hint("`muse shelf push` puts uncommitted work there")
        yield from self.files.blocks()
        yield from skipped_lines(self.skipped)
        if self.hint:
            yield Hint(self.hint)

    def _row(self, position: int, one: Shelved) -> tuple[Span, ...]:
        return (
            Span(str(position), "strong"),
            Span(when(one.time), "dim"),
            Span(one.branch or "", "branch"),
            Span(short_id(id_of(one.commit)) if one.commit is not None else "", "id"),
            Span(plural(len(one.files), "file"), "dim"),
            Span(one.subject),
        )

    def json(self) -> object:
        """The answer for programs."""
        return {
            "shelf": [_json(position, one) for position, one in enumerate(self.shelf, 1)],
            **self.files.json(),
            "skipped": [one._asdict() for one in self.skipped],
            "notes": list(self.notes),
        }


def _json(position: int, one: Shelved) -> dict[str, object]:
    return {
        "position": position,
        "message": one.message,
        "time": one.time,
        "branch": one.branch,
        "commit_id": id_of(one.commit) if one.commit is not None else None,
        "files": [{"path": change.path, "status": status_of(change)} for change in one.files],
        "staged": list(one.stage),
    }


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("action", nargs="?", choices=_ACTIONS, default="list", help="what to do; list, if left out")
    parser.add_argument("which", nargs="*", metavar="WHICH", help="push: files, folders; pop, drop: a number (1)")
    parser.add_argument("-m", "--message", help="with push: what it is (else muse says what changed)")


def shelf(
    action: str = "list",
    which: int | str | os.PathLike[str] | Sequence[int | str | os.PathLike[str]] = (),
    *,
    message: str | None = None,
    repo: Repo | None = None,
) -> ShelfResult:
    """Put uncommitted work aside (push), bring it back (pop), list what is there, or forget one (drop).

    Args:
        action: "push", "pop", "list" or "drop".
        which: With "push", a file or folder, or several, everything when not given; with "pop" and "drop", a position
            on the shelf, 1 (the newest) when not given.
        message: With "push", what it is.

    Raises:
        UsageProblem: There is no such work, or the words do not go together.
        Refused: What "pop" would change was changed since; or somebody changed the repository at the same time.
        SystemTrouble: A file cannot be read.
    """
    repo = repo or Repo.open()
    several = (which,) if isinstance(which, int | str | os.PathLike) else which
    words = [str(one) if isinstance(one, int) else os.fspath(one) for one in several]
    _check(action, words, message)
    if action == "list":
        return reading(repo, lambda state: _answer(state, "", core.shelved(state.view, state.store)))
    if action == "push":
        session.save_first(repo.root)
        message = message if message is None else writable(message)
        args = (action, *(("-m", message) if message is not None else ()), *words)
        return writing(repo, "shelf", args, lambda state: _push(state, words, message), lock=EXCLUSIVE, again=False)
    position = int(words[0]) if words else 1
    work, lock = (_pop, EXCLUSIVE) if action == "pop" else (_drop, NO_LOCK)
    return writing(repo, "shelf", (action, *words), lambda state: work(state, position), lock=lock, again=False)


def _check(action: str, words: Sequence[str], message: str | None) -> None:
    if action not in _ACTIONS:
        raise UsageProblem(f"{action!r} is nothing to do with a shelf", f"Choose one of {', '.join(_ACTIONS)}.")
    if action != "push" and message is not None:
        raise UsageProblem(f"`muse shelf {action}` takes no message", '`muse shelf push -m "..."` does.')
    if action == "list" and words:
        raise UsageProblem("`muse shelf list` takes nothing more", "It lists everything that is on the shelf.")
    if action in ("pop", "drop") and words and not (len(words) == 1 and words[0].isascii() and words[0].isdigit()):
        raise UsageProblem(
            f"`muse shelf {action}` takes one number", "`muse shelf` lists what is there, with numbers, 1 the newest."
        )


def _push(state: State, typed: Sequence[str], message: str | None) -> Draft[ShelfResult]:
    from muse.verbs import _shelving

    move, skipped = _shelving.push(state, typed, message)
    if move is None:
        why = "Nothing to shelve: there is no uncommitted work."
        return _nothing(state, why, skipped)
    return _draft(state, move, f"Shelved: {move.one.subject}", "`muse shelf pop` brings it back", skipped)


def _pop(state: State, position: int) -> Draft[ShelfResult]:
    from muse.verbs import _shelving

    if position == 1 and not core.shelved(state.view, state.store):
        return _nothing(state, "Nothing to bring back: the shelf is empty.")
    move = _shelving.pop(state, position)
    return _draft(state, move, f"Brought back: {move.one.subject}", "`muse undo` puts it on the shelf again")


def _drop(state: State, position: int) -> Draft[ShelfResult]:
    from muse.verbs import _shelving

    if position == 1 and not core.shelved(state.view, state.store):
        return _nothing(state, "Nothing to drop: the shelf is empty.")
    one, rest = _shelving.take(state, position)
    did, hint = f"Dropped: {one.subject}", "`muse undo` brings it back"
    return Draft(lambda left: _answer(state, did, rest, hint=hint), core.with_shelf(state.view, state.store, rest))


def _draft(
    state: State, move: Move, did: str, hint: str, skipped: tuple[Skipped, ...] = ()
) -> Draft[ShelfResult]:
    found = core.shelved(move.view, state.store)

    def answer(left: tuple[str, ...]) -> ShelfResult:
        files = Files(changes_of(move.planned), left)
        return _answer(state, did, found, hint=hint)._replace(files=files, skipped=skipped)

    return Draft(answer, move.view, move.planned)


def _nothing(state: State, why: str, skipped: tuple[Skipped, ...] = ()) -> Draft[ShelfResult]:
    found = core.shelved(state.view, state.store)
    return Draft(lambda left: _answer(state, why, found)._replace(done=False, skipped=skipped), None)


def _answer(state: State, did: str, found: Sequence[Shelved], *, hint: str = "") -> ShelfResult:
    return ShelfResult(did, True, tuple(reversed(found)), Files(), (), hint, tuple(state.notes))

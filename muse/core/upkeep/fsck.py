"""Checking a repository: every operation, every object, and every reference from one to another.

Nothing is changed, nothing is held in memory as a whole that may be large, and no damage ends it: what is wrong is
collected, with the commits and files that it affects. Whatever commands do meanwhile does not matter: all packs are
opened first, and where the newest operation goes before it was read, the check starts over.
"""

from __future__ import annotations

from muse.core.base import progress
from muse.core.base.errors import MuseError, Refused
from muse.core.commands import hints
from muse.core.commits.trees import EMPTY_DIGEST
from muse.core.damage import health
from muse.core.damage.affected import MOST, Affected
from muse.core.damage.findings import Findings, Problem
from muse.core.damage.health import Examiner
from muse.core.folder import folder_state
from muse.core.operations import history, ops
from muse.core.packs.pack import PackGone
from muse.core.packs.store import ObjectStore
from muse.core.types import id_of
from muse.core.upkeep import caches
from muse.core.upkeep.reach import Reach, Root, roots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from muse.core.operations.ops import Operation
    from muse.core.operations.view import Section
    from muse.core.paths import Layout
    from muse.core.types import PackRef

OPERATION, PACK, OBJECT = "operation", "pack", "object"


def check(layout: Layout) -> Findings:
    """Check everything.

    Raises:
        Refused: Others keep replacing packs, or dropping operations.
    """
    for _ in range(ops.TRIES):
        where = history.ends(layout)
        store = _store(layout, where)
        try:
            return _Check(layout, where, store).run()
        except PackGone:
            continue
        finally:
            store.close()
    raise Refused("others keep replacing packs of this repository, or dropping operations", "Try again.", kind="busy")


def _store(layout: Layout, where: history.Ends) -> ObjectStore:
    """The packs that count. Where the newest operation is damaged, these are all there are, as `doctor` sees it."""
    if where.operation is None or not where.whole:
        return ObjectStore(layout, health.packs_in_folder(layout), None, lambda: True)
    return ObjectStore(layout, where.operation.packs, None, lambda: history.ends(layout).last == where.last)


class _Check:
    """One look at everything."""

    def __init__(self, layout: Layout, where: history.Ends, store: ObjectStore) -> None:
        self.layout, self.where, self.store = layout, where, store
        self.problems: dict[object, Problem] = {}
        self.remarks: list[str] = []
        self.good: set[bytes] = set()
        self.lost: set[bytes] = set()
        self.reach = Reach(store, self._unreadable)
        self.objects = self.operations = 0

    def run(self) -> Findings:
        self._packs()
        self._singles()
        self._log()
        self._references()
        affected = Affected(self.store, self.lost)
        broken = affected.broken(self.reach.commits)
        self._hints()
        self._beside()
        problems = tuple(self._with_effects(affected))
        commits = len(self.reach.commits)
        return Findings(problems, tuple(self.remarks), broken, self.objects, commits, self.operations)

    def _add(self, key: object, kind: str, what: str, why: str) -> None:
        self.problems.setdefault(key, Problem(kind, what, why))

    def _packs(self) -> None:
        examiner = Examiner(self.store, self.store.refs)  # opens all
        found = [examiner.examine(ref) for ref in self.store.refs]
        for one in found:
            self.good |= one.good
            self.objects += len(one.good) + len(one.bad)
        for one in found:
            for trouble in one.trouble:
                self._add((one.ref, trouble.message), PACK, one.ref.name, trouble.message)
            for digest, error in one.bad.items():
                spare = "; there is a whole copy in another pack" if digest in self.good else ""
                where = "" if one.ref.name in error.message else f", in {self.layout.pack(one.ref.name)}"
                self._add(digest, OBJECT, id_of(digest), error.message + where + spare)
        self.lost.update([digest for one in found for digest in one.bad if digest not in self.good])

    def _singles(self) -> None:
        """Single objects. No commit relies on them, so nothing is affected."""
        for number, digest in enumerate(health.singles(self.layout)):
            progress.report("checking single objects", number)
            path = self.layout.shard_file(digest)
            self.objects += 1
            try:
                health.check_file(path, digest)
            except FileNotFoundError:
                continue  # whoever wrote it has just removed it
            except MuseError as error:
                self._add(path, OBJECT, id_of(digest), error.message)

    def _log(self) -> None:
        """Every operation, and all that it reaches."""
        newest = self.where.operation
        known: set[Section] = set()
        tally = history.Tally()
        for step in history.steps(self.layout, newest.oldest if newest is not None else 1):
            if step.number > self.where.last:
                break  # recorded since
            progress.report("looking at operations", step.number, self.where.last)
            tally.add(step)
            if step.operation is not None:
                self.operations += 1
                self._reach(step.operation, known)
                if step.trouble is not None:
                    self._add(("order", step.number), OPERATION, str(step.number), step.trouble.message)
        now = history.ends(self.layout).operation
        kept = now.oldest if now is not None else 1
        if newest is not None and now is not None and newest.number < min(now.number, kept):
            raise PackGone(self.layout.operation(newest.number))  # dropped, perhaps before it was read
        for step in tally.open:
            if step.number >= kept:  # else a gc dropped it meanwhile
                self._add(("operation", step.number), OPERATION, str(step.number), step.message)
        self.remarks += [f"{step.message}; `muse doctor` has stood in for it" for step in tally.closed]

    def _reach(self, operation: Operation, known: set[Section]) -> None:
        number = str(operation.number)

        def tell(error: MuseError) -> None:
            self._add(error.message, OPERATION, number, f"operation {number}: {error.message}")

        for root in roots(operation, self.store, known, tell):
            self.reach.add(root)

    def _unreadable(self, root: Root, error: MuseError) -> None:
        """A commit or a tree that is missing, damaged, or something else."""
        self.lost.add(root.digest)
        self._add(root.digest, root.kind, id_of(root.digest), error.message)

    def _references(self) -> None:
        for kind, digests in (("blob", self.reach.blobs), ("section", self.reach.sections)):
            for digest in sorted(digests - self.good - {EMPTY_DIGEST}):
                self.lost.add(digest)
                self._add(digest, kind, id_of(digest), f"{id_of(digest)} is missing from the repository")

    def _with_effects(self, affected: Affected) -> Iterator[Problem]:
        needed = self._needed_by_operations() if self.lost else {}
        for key, problem in self.problems.items():
            digest = key if isinstance(key, bytes) else b""
            yield problem._replace(
                commits=tuple(affected.commits.get(digest, ())),
                paths=tuple(sorted(affected.paths.get(digest, ()))),
                operations=tuple(needed.get(digest, ())),
            )

    def _needed_by_operations(self) -> dict[bytes, list[int]]:
        """Which operations name a lost object themselves."""
        found: dict[bytes, list[int]] = {}
        oldest = self.where.operation.oldest if self.where.operation is not None else 1
        for step in history.steps(self.layout, oldest):
            if step.operation is None:
                continue
            for root in roots(step.operation, self.store, None, lambda error: None):
                numbers = found.setdefault(root.digest, []) if root.digest in self.lost else None
                if numbers is not None and len(numbers) < MOST and step.number not in numbers:
                    numbers.append(step.number)
        return found

    def _hints(self) -> None:
        """The small files."""
        newest, layout, last = self.where.operation, self.layout, self.where.last
        if newest is not None and self.where.whole and hints.is_stale(layout, newest):
            self.remarks.append(f"HEAD does not name operation {newest.number}, the newest; it is only a hint")
        self._hint("HEAD", lambda: hints.hidden(layout, last) or hints.ahead(layout, last))
        self._hint("applied", lambda: hints.wrong_applied(layout))
        self._hint("config.toml", lambda: hints.check_settings(layout))
        self._hint("worktree.lock", lambda: hints.check_lock(layout))
        if newest is not None and folder_state.is_behind(self.layout, newest):
            self.remarks.append(f"the files of the folder are not yet as operation {newest.folder} wants them")

    def _hint(self, name: str, look: Callable[[], str | None]) -> None:
        try:
            why = look()
        except MuseError as error:
            why = error.message
        if why:
            self._add(name, name, name, why)

    def _beside(self) -> None:
        """What is there and does not count."""
        named = {ref.name for ref in self.store.refs}
        unnamed = [ref for ref in health.packs_in_folder(self.layout) if ref.name not in named]
        if unnamed:
            size = sum(ref.size for ref in unnamed)
            goes = "" if self.problems else ": `muse gc` removes such"  # they may hold what is missing
            self.remarks.append(f"{_packs(unnamed)} of {size:,} bytes named by no operation{goes}")
        aside = health.set_aside(self.layout)
        if aside:
            names = ", ".join(ref.name for ref in aside)
            self.remarks.append(f"set aside by `muse doctor`: {names}")
        for path in hints.grown(self.layout, self.where.operation) if self.where.operation is not None else ():
            self.remarks.append(f"something was appended to {path}; it is passed over")
        for name in caches.damaged(self.layout):
            self.remarks.append(f"the cache {name} is damaged; it is made anew when it is needed")


def _packs(refs: list[PackRef]) -> str:
    return "1 pack" if len(refs) == 1 else f"{len(refs):,} packs"

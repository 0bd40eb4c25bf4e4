"""What `fsck` finds and `doctor` leaves: damage as data, for people and for programs."""

from __future__ import annotations

from muse.core.base.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.damage.affected import Broken


class Problem(NamedTuple):
    """Something that is not what was written.

    Attributes:
        kind: "operation", "pack", "object", "commit", "tree", "blob", "section", "HEAD", "applied", "config.toml" or
            "worktree.lock".
        what: Its number, id or name.
        why: What is wrong, in words.
        commits: The first commits that cannot be had whole because of it.
        paths: The first files that cannot be had because of it.
        operations: The first operations that need it themselves, for the stage, the shelf, or to bring files back.
    """

    kind: str
    what: str
    why: str
    commits: tuple[bytes, ...] = ()
    paths: tuple[str, ...] = ()
    operations: tuple[int, ...] = ()


class Findings(NamedTuple):
    """What was found.

    Attributes:
        problems: What is damaged.
        remarks: What is worth knowing, and no damage.
        broken: The commits that cannot be had whole.
        objects: How many objects were read.
        commits: How many commits any kept operation reaches.
        operations: How many operations were read.
    """

    problems: tuple[Problem, ...]
    remarks: tuple[str, ...]
    broken: tuple[Broken, ...]
    objects: int
    commits: int
    operations: int

    @property
    def clean(self) -> bool:
        """True when nothing is damaged."""
        return not self.problems

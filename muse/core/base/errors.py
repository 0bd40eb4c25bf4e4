"""Every error that muse raises on purpose.

An error says what happened, to what, and what to do next: one sentence (`message`) and one hint. The classes
are grouped by what the reader can do about it, and each group has one exit status:

    MuseError
    ├── UsageProblem      2   the command was typed wrong, or there is no repository here
    │   └── NotARepository    (also a `SystemExit`, code 2)
    ├── Damaged           3   something in the repository is not what was written
    │   ├── Missing           (also a `KeyError`) an object or record that should be there is not
    │   └── TooNew                a newer muse wrote it
    ├── Refused           4   not now: someone was faster, or uncommitted work would be overwritten
    ├── SystemTrouble     5   the operating system said no (disk full, no permission, …)
    │   └── Unconfirmed       the work may be done, but the disk did not confirm it
    └── Unexpected        5   a mistake in muse itself

`kind` is stable and machine-readable; it is what `--json` prints.
"""

from __future__ import annotations

import os


class MuseError(Exception):
    """What happened, and what to do next.

    Args:
        message: One sentence without a full stop: what happened, to what.
        hint: One line that says what to do next; empty when there is nothing to do.
        kind: A stable word for programs; the class's own when not given.
    """

    kind = "error"
    exit_status = 2

    def __init__(self, message: str, hint: str = "", *, kind: str | None = None) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint
        if kind is not None:
            self.kind = kind

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    def json(self) -> dict[str, dict[str, str]]:
        """The error as `--json` prints it."""
        return {"error": {"kind": self.kind, "message": self.message, "hint": self.hint}}


class UsageProblem(MuseError):
    """The command as typed cannot be carried out."""

    kind = "usage"
    exit_status = 2


class NotARepository(UsageProblem, SystemExit):
    """There is no `.muse` here or above. Also a `SystemExit`, so that a script stops with status 2."""

    kind = "not-a-repository"

    def __init__(self, where: str, message: str = "", hint: str = "") -> None:
        usual = f"{where} is not in a muse repository", "`muse init` starts one in the current folder."
        super().__init__(message or usual[0], hint or usual[1])
        self.code = 2


class Damaged(MuseError):
    """Bytes in the repository are not what was written."""

    kind = "damaged"
    exit_status = 3
    advice = "`muse fsck` shows what is affected, `muse doctor` repairs what can be, and says how to go on."

    def __init__(self, message: str, hint: str = "", *, kind: str | None = None) -> None:
        super().__init__(message, hint or self.advice, kind=kind)


class Missing(Damaged, KeyError):
    """Something that must be there is not."""

    kind = "missing"


class TooNew(Damaged):
    """A newer muse wrote it."""

    kind = "too-new"
    advice = "Update: `pip install -U muse-vcs`."

    def __init__(self, what: str, version: int) -> None:
        super().__init__(f"{what} was written by a newer muse (version {version})")


class Refused(MuseError):
    """Not now: nothing was changed, and trying again later or differently will work."""

    kind = "refused"
    exit_status = 4


class SystemTrouble(MuseError):
    """The operating system refused; nothing is lost."""

    kind = "system"
    exit_status = 5


class Changing(SystemTrouble):
    """A program wrote to a file while it was read."""

    kind = "changing"


class Unconfirmed(SystemTrouble):
    """The work may be recorded, but the disk did not confirm it."""

    kind = "unconfirmed"


_ADVICE = {
    "ENOSPC": "The disk is full: free some space and try again.",
    "EDQUOT": "Your disk quota is used up: free some space and try again.",
    "EACCES": "Permission denied: check who owns the file and its mode.",
    "EPERM": "The system does not permit it: check who owns the file and its mode.",
    "EROFS": "The file system is read-only: make it writable, or work on a copy.",
    "EMFILE": "Too many open files: close some, or raise `ulimit -n`, and try again.",
    "ENFILE": "The system has too many open files: close some programs and try again.",
    "EIO": "The disk reported an error: save your work elsewhere and check the disk.",
    "ELOOP": "A link stands where a folder or file of its own is expected: look at that path.",
    "ENAMETOOLONG": "The name is too long for this file system: shorten it.",
}


class Unexpected(MuseError):
    """A mistake in muse itself. The traceback is for `MUSE_LOG=debug`, not for the user."""

    kind = "internal"
    exit_status = 5

    def __init__(self, error: Exception) -> None:
        super().__init__(
            f"muse made a mistake of its own: {type(error).__name__}: {' '.join(str(error).split())}",
            "What was committed is safe. Please report it, with what `MUSE_LOG=debug` shows.",
        )


def blames_the_process(error: MuseError) -> bool:
    """True for what the system refuses to this process whatever the file: that file may be as good as any other."""
    return error.kind in ("emfile", "enfile", "enomem")


def from_os_error(error: OSError, doing: str, path: str | None = None) -> SystemTrouble:
    """Turn an `OSError` into two clear lines that name the file.

    Args:
        error: What the system raised.
        doing: What muse was doing, as in "cannot write".
        path: The file; taken from the error when not given.
    """
    import errno

    name = path if path is not None else os.fsdecode(error.filename or "a file")
    code = errno.errorcode.get(error.errno or 0, "")
    reason = os.strerror(error.errno) if error.errno else str(error)
    hint = _ADVICE.get(code, "Look at that path, and try again.")
    return SystemTrouble(f"{doing} {name}: {reason}", hint, kind=code.lower() or "system")

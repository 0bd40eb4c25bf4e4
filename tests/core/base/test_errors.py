"""`base.errors`: every error says what happened, what to do, and has one exit status."""

from __future__ import annotations

import errno
import json
import pickle

import pytest

from muse.core.base import errors
from muse.core.base.errors import MuseError, from_os_error


def kinds() -> list[type[MuseError]]:
    """Every class of error."""
    pending, found = [MuseError], []
    while pending:
        kind = pending.pop()
        found.append(kind)
        pending += kind.__subclasses__()
    return sorted({kind for kind in found if kind.__module__ == errors.__name__}, key=lambda kind: kind.__name__)


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (errors.UsageProblem("m", "h"), 2, "usage"),
        (errors.NotARepository("w"), 2, "not-a-repository"),
        (errors.Damaged("m"), 3, "damaged"),
        (errors.Missing("m"), 3, "missing"),
        (errors.TooNew("m", 2), 3, "too-new"),
        (errors.Refused("m", "h"), 4, "refused"),
        (errors.Refused("m", "h", kind="busy"), 4, "busy"),
        (errors.SystemTrouble("m", "h"), 5, "system"),
        (errors.Unconfirmed("m", "h"), 5, "unconfirmed"),
        (errors.Unexpected(ValueError("v")), 5, "internal"),
    ],
)
def test_kinds_and_statuses(error: MuseError, status: int, kind: str) -> None:
    assert (error.exit_status, error.kind) == (status, kind)
    assert str(error) == f"{error.message}\n{error.hint}"
    assert error.json() == {"error": {"kind": kind, "message": error.message, "hint": error.hint}}
    json.dumps(error.json())


def test_kinds_are_told_apart() -> None:
    assert len({kind.kind for kind in kinds()}) == len(kinds()) == 11


def test_a_kind_given_to_one_error_is_its_own() -> None:
    errors.Refused("m", kind="busy")
    assert errors.Refused("m").kind == "refused"


def test_an_error_without_a_hint_is_one_line() -> None:
    assert str(errors.UsageProblem("what happened")) == "what happened"
    assert str(errors.Damaged("what happened")).count("\n") == 1


def test_a_script_without_a_repository_stops_with_status_2() -> None:
    with pytest.raises(SystemExit) as stopped:
        raise errors.NotARepository("/somewhere")
    assert stopped.value.code == 2
    assert isinstance(stopped.value, MuseError)
    assert "/somewhere is not in a muse repository" in str(stopped.value)


def test_missing_reads_well_though_it_is_a_key_error() -> None:
    assert str(errors.Missing("x is missing", "hint")) == "x is missing\nhint"


def test_plain_errors_can_cross_processes() -> None:
    copy = pickle.loads(pickle.dumps(errors.Refused("what", "hint")))
    assert (copy.message, copy.hint) == ("what", "hint")


@pytest.mark.parametrize(
    ("code", "kind", "reason", "hint"),
    [
        (errno.ENOSPC, "enospc", "No space left on device", "The disk is full"),
        (errno.EACCES, "eacces", "Permission denied", "Permission denied: check who owns"),
        (errno.EROFS, "erofs", "Read-only file system", "The file system is read-only"),
        (errno.EMFILE, "emfile", "Too many open files", "Too many open files: close some"),
        (errno.EIO, "eio", "Input/output error", "The disk reported an error"),
        (errno.ENOTEMPTY, "enotempty", "Directory not empty", "Look at that path"),
    ],
)
def test_what_the_system_says_in_two_clear_lines(code: int, kind: str, reason: str, hint: str) -> None:
    error = from_os_error(OSError(code, "x", "/a/b"), "cannot write")
    assert error.kind == kind
    assert error.message == f"cannot write /a/b: {reason}"
    assert error.hint.startswith(hint)
    assert from_os_error(OSError(code, "x", "/a/b"), "cannot write", "/c").message == f"cannot write /c: {reason}"


def test_what_the_system_did_not_number() -> None:
    error = from_os_error(OSError("odd"), "cannot read")
    assert (error.message, error.kind) == ("cannot read a file: odd", "system")
    named = from_os_error(OSError(errno.EIO, "x", b"/caf\xe9"), "cannot read")
    assert named.message == "cannot read /caf\udce9: Input/output error"

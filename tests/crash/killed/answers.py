"""What a command must say that was interrupted, or refused something by the system."""

from __future__ import annotations

import os
import re

from muse.testing.faults import Call
from tests.crash.checks import check_words, is_behind, side_of
from tests.crash.harness import Prepared, Struck

_DAMAGED, _SYSTEM = 3, 5
#: The command counts, and the message says so: it names the operation, and not always a file.
_RECORDED = re.compile("recorded|done|did not confirm")


def check_interrupted(prepared: Prepared, struck: Struck) -> None:
    """Ctrl+C ends a command with status 130, or comes too late; one that counted answers; no stack trace."""
    outcome = struck.outcome
    assert outcome.status in (prepared.scenario.status, 130), f"exit status {outcome.status}: {outcome.err}"
    check_words(outcome.err)
    if side_of(prepared, struck) is prepared.after:
        assert outcome.out, "recorded, and no answer"


def check_refused(prepared: Prepared, struck: Struck) -> None:
    """What the system refuses is said in two lines that name a file and say what to do.

    The exit status is that of success only when the work was done all the same.
    """
    side, outcome, call = side_of(prepared, struck), struck.outcome, struck.fault.call
    check_words(outcome.err)
    if outcome.status == prepared.scenario.status:
        assert side is prepared.after, f"exit status {outcome.status}, and nothing was recorded"
        assert not is_behind(struck.root), "exit status 0, and the folder is not finished"
        assert may_fail(prepared, call) or "HEAD" in outcome.out, f"no word of it: {outcome.out}"
        return
    if outcome.status == _DAMAGED and outcome.out:
        assert is_named(struck, outcome.out), f"does not name {call.paths}: {outcome.out}"
        return  # an answer, and no error: what `doctor` could not read is among what is damaged
    if outcome.status == _SYSTEM and outcome.out:
        assert side is prepared.after and "not forgotten" in outcome.out, f"an answer, and status 5: {outcome.out}"
        return
    assert len(outcome.err.splitlines()) == 2, f"exit status {outcome.status}, and printed: {outcome.err}"
    if side is prepared.after:
        assert _RECORDED.search(outcome.err), f"recorded, and not said so: {outcome.err}"
    else:
        assert is_named(struck, outcome.err), f"does not name {call.paths}: {outcome.err}"


def is_named(struck: Struck, err: str) -> bool:
    """Whether a message names a file or a folder that the call was about."""
    places = {place for path in struck.fault.call.paths for place in (path, os.path.dirname(path)) if place}
    return any(place.replace("/#", "") in err for place in places)


def may_fail(prepared: Prepared, call: Call) -> bool:
    """Whether it is nobody's business that a call failed, if the work was done.

    It only reads or removes, is about a cache or a lock, or there is another way.
    """
    derived = call.paths[-1].startswith((".muse/cache", ".muse/restore/#"))
    placed = call.name == "renameat2" and call.paths[0].startswith(".muse/restore/#")  # a plain rename may do, too
    tried = call.name == "link" and call.paths[-1].startswith(".muse/.muse-tmp-")  # `init` looks whether it can
    made = call.name == "mkdir" and os.path.isdir(os.path.join(prepared.root, call.paths[-1]))
    removes = call.name in ("rmdir", "unlink", "unlinkat")
    return derived or placed or made or tried or removes or not call.changes or call.name == "flock"

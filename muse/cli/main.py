"""The command `muse`: read the line, run the verb, print the answer, exit with its status."""

from __future__ import annotations

import gc
import os
import sys

from muse import __version__
from muse.core.base import log
from muse.core.base.errors import MuseError, SystemTrouble, Unexpected, from_os_error
from muse.core.system import interrupts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from muse.display.result import Result

_INTERRUPTED = 130


def main(words: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        words: What was typed after `muse`; the process's own arguments when not given.

    Returns:
        The exit status: 0 done, 1 the answer is no, 2 wrong usage, 3 damage, 4 refused for now, 5 the system
        said no, 130 interrupted.
    """
    if words is not None:
        return _main(list(words))
    status = _main(sys.argv[1:])
    gc.freeze()  # the process ends: it need not look through what it is about to drop
    return status


def _main(typed: list[str]) -> int:
    _open_streams()
    if typed and typed[0] in ("--version", "-V"):
        print(f"muse {__version__}")
        return 0
    try:
        status = _run(typed)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return 0
    except MuseError as error:  # in the middle of the answer: a large file is read as it is written
        return _fail(error, json=False)
    except OSError as error:
        _forget_output()
        reason = os.strerror(error.errno) if error.errno else str(error)
        hint = "Where it goes may be full; `muse log` and `muse status` show where things are."
        return _fail(SystemTrouble(f"done, but the answer cannot be written: {reason}", hint), json=False)


def _open_streams() -> None:
    """A caller may have closed an output: what is written there goes nowhere."""
    nowhere = open(os.devnull, "w") if sys.stdout is None or sys.stderr is None else None  # noqa: SIM115 - as long as the process
    sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere


def _forget_output() -> None:
    """Let what is still buffered go nowhere, so that the end of the process does not stumble over it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(typed: list[str]) -> int:
    with interrupts.Turn():
        status = _carry_out(typed)
    interrupts.deliver()
    return status


def _carry_out(typed: list[str]) -> int:
    from muse.cli.parser import HelpAsked, parse
    from muse.cli.terminal import Watched, pour

    json = "--json" in typed
    try:
        call = parse(typed)
        json = call.json
        with Watched():
            result: Result = call.function(*call.positional, **call.keywords)
    except HelpAsked as asked:
        print(asked, end="")
        return 0
    except MuseError as error:
        return _fail(error, json)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _fail(from_os_error(error, "cannot work with"), json)
    except Exception as error:
        log.problem("unexpected")
        return _fail(Unexpected(error), json)
    if json or not pour(result):
        _answer(result, json)
    return result.exit_status


def _answer(result: Result, json: bool) -> None:
    """Print the whole answer. Ctrl+C waits for it: what was recorded must be told."""
    deferral = interrupts.Deferral()
    deferral.begin()
    try:
        _show(result, json)
        sys.stdout.flush()
    finally:
        deferral.end()


def _show(result: Result, json: bool) -> None:
    if json:
        _print_json(result.json())
        return
    from muse.cli.terminal import show

    show(result.document())


def _fail(error: MuseError, json: bool) -> int:
    if json:
        _print_json(error.json())
    else:
        from muse.cli.terminal import show_error

        show_error(error)
    return error.exit_status


def _print_json(value: object) -> None:
    from json import dumps

    print(dumps(value, indent=2))


if __name__ == "__main__":
    sys.exit(main())

"""The magic itself: read the line, run the verb, give back the result, which displays itself."""

from __future__ import annotations

import shlex
from contextlib import suppress

from IPython.core.error import UsageError
from IPython.core.magic import no_var_expand

from muse.core.base import log
from muse.core.base.errors import MuseError, Unexpected, UsageProblem, from_os_error
from muse.core.system import interrupts
from muse.display import words as wording

TYPE_CHECKING = False
if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from muse.display.result import Result

NAME = "muse"


def register(shell: InteractiveShell) -> None:
    """Add `%muse` and `%%muse`; from now on, hints say `%muse`."""
    shell.magics_manager.register_function(muse, "line_cell", NAME)
    wording.program = f"%{NAME}"


def unregister(shell: InteractiveShell) -> None:
    """Take them away."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop(NAME, None)
    wording.program = NAME


@no_var_expand
def muse(line: str, cell: str | None = None) -> object:
    """Version control for this notebook and its folder: `%muse -h` lists the verbs.

    As a cell magic, `%%muse commit` takes the cell's text as the message, and `%%muse` alone runs each line.

    Returns:
        The verb's result, which displays itself. With `--json` plain data; nothing after a trailing `;`.

    Raises:
        UsageError: The command could not be carried out. A "no", such as "nothing to commit", is a result.
    """
    try:
        if cell is None:
            return run(line)
        return _run_cell(line, cell)
    except KeyboardInterrupt as interrupt:
        _make_plain(interrupt)
        raise
    except MuseError as error:
        with suppress(KeyboardInterrupt):  # the error stops the notebook as well
            interrupts.deliver()
        raise UsageError(wording.commands(str(error))) from None


def run(line: str) -> object:
    """Run one line, as typed after `%muse`.

    Raises:
        MuseError: It could not be carried out.
    """
    line, quiet = _strip_semicolon(line)
    return _call(_words(line), quiet)


def _run_cell(line: str, body: str) -> object:
    line, quiet = _strip_semicolon(line)
    words = _words(line)
    if words:
        if words[0] != "commit":
            raise UsageProblem(f"`%%muse {words[0]}` takes no text", "Write it as a line: `%muse ...`.")
        return _call([*words, f"--message={body.strip()}"], quiet)
    result: object = None
    for typed in map(str.strip, body.splitlines()):
        if typed and not typed.startswith("#"):
            _tell(result)
            result = run(typed.removeprefix("%muse ").removeprefix("muse "))
    return result


def _call(words: list[str], quiet: bool) -> object:
    from muse.cli.parser import HelpAsked, parse
    from muse.magics.progress import watched

    if words and words[0] in ("--version", "-V"):
        from muse import __version__

        print(f"muse {__version__}")
        return None
    try:
        call = parse(words)
        with interrupts.Turn(), watched():
            result: Result = call.function(*call.positional, **call.keywords)
            answer = result.json() if call.json else result
    except HelpAsked as asked:
        print(asked, end="")
        return None
    except MuseError:
        raise
    except OSError as error:
        raise from_os_error(error, "cannot work with") from None
    except Exception as error:
        log.problem("unexpected")
        raise Unexpected(error) from None
    if interrupts.pending():
        _tell(answer)
    return None if quiet else answer


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        raise UsageProblem(f"a quote is not closed in: {line}", "Close it, or write \\\" for a quote.") from None


def _strip_semicolon(line: str) -> tuple[str, bool]:
    line = line.strip()
    return (line[:-1].rstrip(), True) if line.endswith(";") else (line, False)


def _tell(answer: object) -> None:
    """Display the whole answer. Ctrl+C waits for it: what was recorded must be told."""
    if answer is None:
        return
    from IPython.display import display

    with interrupts.Turn():
        deferral = interrupts.Deferral()
        deferral.begin()
        try:
            display(answer)
        finally:
            deferral.end()
    interrupts.deliver()


def _make_plain(interrupt: KeyboardInterrupt) -> None:
    """Have IPython show one line, and not the way through muse on which it was when Ctrl+C was pressed."""
    shown = f"KeyboardInterrupt: {interrupt}" if interrupt.args else "KeyboardInterrupt"
    interrupt._render_traceback_ = lambda: [shown]  # type: ignore[attr-defined]

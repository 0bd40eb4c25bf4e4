"""The log of `strace`, read: what failed is left out, what was interrupted by another thread is one call."""

from __future__ import annotations

from muse.testing.traced import Traced, read

_LOG = r"""
12 openat(AT_FDCWD, "\x61\x2c\x20\x62", O_RDONLY|O_CLOEXEC) = 3
12 openat(AT_FDCWD, "\x61", O_RDONLY) = -1 ENOENT (No such file or directory)
12 close(3 <unfinished ...>
13 unlink("\x61" <unfinished ...>
14 openat(AT_FDCWD, "", O_RDONLY) = 3
12 <... close resumed>)             = 0
14 --- SIGCHLD {si_signo=SIGCHLD} ---
13 <... unlink resumed>)            = 0
14 write(3, "\x61\x62"..., 9) = 9
14 +++ exited with 0 +++
exit_group(0) = ?
"""


def test_a_log_is_read_in_the_order_in_which_calls_end() -> None:
    """A descriptor may be given to another thread before its `close` is over: that counts when it begins."""
    assert list(read(_LOG.splitlines())) == [
        Traced("openat", ["AT_FDCWD", '""', "O_RDONLY|O_CLOEXEC"], [b"a, b"], 3),
        Traced("close", ["3"], [], 0),
        Traced("openat", ["AT_FDCWD", '""', "O_RDONLY"], [b""], 3),
        Traced("unlink", ['""'], [b"a"], 0),
        Traced("write", ["3", '""...', "9"], [b"ab"], 9),
    ]


def test_a_call_is_shown_without_its_strings() -> None:
    assert str(Traced("write", ["3", '""', "2"], [b"ab"], 2)) == 'write(3, "", 2)'

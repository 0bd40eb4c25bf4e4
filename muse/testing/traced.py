"""The system calls of a real process, with their data, as `strace` tells them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

#: Calls that are about a path, or two.
NAMED = {
    *("open", "openat", "creat", "mkdir", "mkdirat", "symlink", "symlinkat", "link", "linkat"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "chmod", "fchmodat", "truncate"),
}
#: Calls that change a file that is open, or make something durable.
DATA = {"write", "pwrite64", "writev", "ftruncate", "fchmod", "fsync", "fdatasync", "syncfs", "sync"}
#: Calls that tell which descriptor stands for what.
DESCRIPTORS = {"close", "dup", "dup2", "dup3", "fcntl", "lseek", "execve"}
#: Calls that nobody follows, whatever they are about.
NEVER = {"fork", "vfork", "chdir", "fchdir", "io_uring_setup", "io_setup"}
#: Calls that nobody follows on a file that matters.
NOT_OURS = {
    *("fallocate", "copy_file_range", "sendfile", "splice", "pwritev", "pwritev2", "mknod", "mknodat", "fchmodat2"),
    *("chown", "fchown", "lchown", "fchownat", "utime", "utimes", "utimensat", "futimesat"),
    *("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"),
}
#: Calls that nobody follows with such arguments: another process, or a file changed through memory or by copying.
SOMETIMES = {
    "clone": re.compile(r"^(?!.*CLONE_FILES)"),
    "clone3": re.compile(r"^(?!.*CLONE_FILES)"),
    "mmap": re.compile(r"PROT_WRITE.*MAP_SHARED"),
    "ioctl": re.compile(r"FICLONE|FIDEDUPERANGE|FS_IOC_SETFLAGS"),
}

#: Longer data than this is not shown whole.
_LONGEST = 4 << 20
_TRACED = ",".join(f"?{name}" for name in sorted(NAMED | DATA | DESCRIPTORS | NEVER | NOT_OURS | SOMETIMES.keys()))
#: What `strace` needs to be told.
OPTIONS = (
    *("--follow-forks", "--seccomp-bpf", f"--trace={_TRACED}"),
    *("--strings-in-hex=all", f"--string-limit={_LONGEST}"),
)

_CALL = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
_PART = re.compile(r"(\d+) +(?:<\.\.\. \w+ resumed>(.*)|(.*) <unfinished \.\.\.>)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


class Unrecorded(Exception):
    """The process did what cannot be recorded."""


class Traced(NamedTuple):
    """A call that succeeded.

    Attributes:
        name: As in "renameat2".
        words: Its arguments; a string is `""`, and `""...` when it is not whole.
        strings: Those strings, in order.
        result: What it returned.
    """

    name: str
    words: list[str]
    strings: list[bytes]
    result: int

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.words)})"


def read(lines: Iterable[str]) -> Iterator[Traced]:
    """The calls of a log that succeeded, in the order in which they ended.

    A descriptor is closed when that call begins: another thread may get the same number before it ends.
    """
    begun: dict[str, str] = {}
    for line in lines:
        if part := _PART.match(line):
            thread, rest, start = part.groups()
            if start is not None:
                begun[thread] = start
                line = f"{start}) = 0" if start.startswith("close(") else ""
            else:
                start = begun.pop(thread)
                line = "" if start.startswith("close(") else start + rest
        match = _CALL.match(line)
        if match is not None and match[3] != "-1":
            words = _STRING.sub('""', match[2]).split(", ")
            strings = [bytes.fromhex(text.replace("\\x", "")) for text in _STRING.findall(match[2])]
            yield Traced(match[1], words, strings, int(match[3]))

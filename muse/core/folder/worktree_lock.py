"""The lock on the user's files: exclusive for commands that change them, shared for those that read them in.

Commands that only look never wait for it.
"""

from __future__ import annotations

import os

from muse.core.base.errors import Refused, from_os_error
from muse.core.system import interrupts, locks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.paths import Layout

_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "lustre", "ceph", "gluster", "fuse.sshfs", "fuse.s3", "davfs", "ncpfs")


class WorktreeLock:
    """The `flock` on `.muse/worktree.lock`.

    Attributes:
        exclusive: It is held, and not shared.
        is_network: The folder is on a network file system.
        warning: One line when this file system has no lock to rely on; the command goes on without.
    """

    def __init__(self, layout: Layout) -> None:
        self._path = layout.lock
        self._fd = -1
        self.exclusive = False
        self.is_network = False
        self.warning = ""

    def acquire(self, *, shared: bool, patience: float = locks.PATIENCE) -> bool:
        """Take the lock; give back first what is held.

        Returns:
            False when somebody else holds it and `patience` is 0.

        Raises:
            Refused: Somebody else still holds it after `patience` seconds.
            SystemTrouble: The lock file cannot be opened or locked.
        """
        self.release()
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        except OSError as error:
            raise from_os_error(error, "cannot open", self._path) from error
        try:
            if not locks.wait_for_lock(self._fd, patience, shared=shared):
                if patience:
                    raise self._refused()
                self.release()
                return False
        except locks.LocksUnsupported:
            self.warning = "this file system has no locks: run one muse command at a time in this folder"
        except OSError as error:
            self.release()
            raise from_os_error(error, "cannot lock", self._path) from error
        except BaseException:
            self.release()
            raise
        self.is_network = is_network(self._fd)
        if self.is_network and not self.warning:
            self.warning = "this folder is on a network file system: run muse from one machine at a time"
        self.exclusive = not shared
        return True

    def release(self) -> None:
        """Give the lock back. Ctrl+C waits for it: a lock that a kernel keeps would shut out everybody for long."""
        if self._fd >= 0:
            deferral = interrupts.Deferral()
            deferral.begin()
            fd, self._fd, self.exclusive = self._fd, -1, False
            try:
                locks.release(fd)
            finally:
                deferral.cancel()

    def _refused(self) -> Refused:
        holder = _holder(self._fd)
        who = f" (process {holder})" if holder else ""
        return Refused(
            f"another muse command{who} is changing the files of this folder",
            "Wait until it is done and try again; a process that died holds no lock.",
            kind="locked",
        )


def is_network(fd: int) -> bool:
    """True when an open file lies on a network file system, as far as the system tells."""
    device = os.fstat(fd).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
            for mount in mounts:
                fields = mount.split()
                if fields[2] == wanted:
                    return fields[fields.index("-") + 1].startswith(_NETWORK)
    except (OSError, ValueError, IndexError):
        pass
    return False


def _holder(fd: int) -> int:
    """The process that holds the lock, as far as the system tells; 0 when it does not."""
    inode = os.fstat(fd).st_ino
    try:
        with open("/proc/locks", encoding="ascii", errors="replace") as held:
            for lock in held:
                fields = lock.split()
                if "->" not in fields and fields[1] == "FLOCK" and fields[5].endswith(f":{inode}"):
                    return int(fields[4])
    except (OSError, ValueError, IndexError):
        pass
    return 0

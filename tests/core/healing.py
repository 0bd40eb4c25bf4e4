"""What `doctor` must leave behind, whatever it found."""

from __future__ import annotations

from muse.core.packs.store import ObjectStore
from muse.core.repo import Repo
from muse.core.types import digest_of
from muse.core.upkeep import doctor, fsck
from muse.core.upkeep.cure import Cure
from muse.core.upkeep.doctor import Repair
from tests.core.damaged import newest


def repair(repo: Repo) -> Repair:
    """Repair, and see that `fsck` finds no more than what the doctor says."""
    done = doctor.repair(repo)
    found = fsck.check(repo.layout)
    assert found.problems == done.findings.problems
    return done


def heal(repo: Repo) -> Repair:
    """Repair everything."""
    done = repair(repo)
    assert done.findings.clean
    assert done.cure.recorded == newest(repo).number
    assert doctor.repair(repo) == Repair(Cure(), (), fsck.check(repo.layout), ())
    return done


def read(repo: Repo, data: bytes) -> bytes:
    """An object as commands read it."""
    store = ObjectStore(repo.layout, newest(repo).packs)
    try:
        return store.read(digest_of(data))
    finally:
        store.close()

"""`base.named`: a record behaves as one of `typing` does."""

from __future__ import annotations

import copy
import pickle
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.base import named as named_module
from muse.core.base.named import NamedTuple


class Ours(NamedTuple):
    """A record."""

    name: str
    size: int = 3
    parts: tuple[str, ...] = ()

    @property
    def double(self) -> int:
        """A method of its own."""
        return 2 * self.size


class Theirs(typing.NamedTuple):
    """The same, made by `typing`."""

    name: str
    size: int = 3
    parts: tuple[str, ...] = ()


class Shown:
    """Something to combine with a record."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "shown"


class Combined(Shown, Ours):
    """A class that is a record among other things."""

    __slots__ = ()


ANY = st.none() | st.integers() | st.text(max_size=3)
NAMES = st.sampled_from(["name", "size", "parts", "other"])


def outcome(make: Any, *values: Any, **named: Any) -> Any:
    """What comes of making a record; the kind of error where nothing does."""
    try:
        made = make(*values, **named)
    except TypeError:
        return TypeError
    return tuple(made), dict(made._asdict()), made.name, made.size, made.parts


@given(st.lists(ANY, max_size=4), st.dictionaries(NAMES, ANY, max_size=4))
def test_it_takes_what_theirs_takes(values: list[Any], named: dict[str, Any]) -> None:
    """The first of a class, and the later ones, which are made by a constructor of their own."""

    class New(NamedTuple):
        name: str
        size: int = 3
        parts: tuple[str, ...] = ()

    class Mixed(Shown, New):
        __slots__ = ()

    for _ in range(named_module._FEW + 1):
        assert outcome(New, *values, **named) == outcome(Theirs, *values, **named)
    assert ("__new__" in New.__dict__) == (New._made >= named_module._FEW)  # type: ignore[attr-defined]
    assert outcome(Mixed, *values, **named) == outcome(Theirs, *values, **named)


def test_a_constructor_is_made_for_many() -> None:
    class Many(NamedTuple):
        name: str

    for _ in range(named_module._FEW):
        assert "__new__" not in Many.__dict__
        Many("a")
    assert Many("b") == Many(name="b") == ("b",)
    assert "__new__" in Many.__dict__


@given(st.text(), st.integers())
def test_it_is_a_tuple_with_names(name: str, size: int) -> None:
    record = Ours(name, size)
    values: tuple[object, ...] = (name, size, ())
    assert record == values and hash(record) == hash(values)
    assert (record.name, record.size, record.parts, record.double) == (name, size, (), 2 * size)
    assert repr(record) == f"Ours(name={name!r}, size={size}, parts=())"
    assert record._replace(size=7) == Ours(name, 7) and record._replace() == record
    assert Ours._make([name, size, ()]) == record


@pytest.mark.parametrize("make", [Ours, Combined])
def test_it_can_be_copied_and_sent(make: type[Ours]) -> None:
    record = make("a", parts=("b",))
    for same in (copy.copy(record), copy.deepcopy(record), pickle.loads(pickle.dumps(record))):
        assert same == record
        assert type(same) is make


def test_it_never_changes() -> None:
    record: Any = Ours("a")
    for name in ("name", "other"):
        with pytest.raises(AttributeError):
            setattr(record, name, "b")


def test_what_it_does_not_have_cannot_be_replaced() -> None:
    with pytest.raises(TypeError, match="Ours has no other"):
        Ours("a")._replace(other=1)  # type: ignore[call-arg]


def test_it_can_be_matched() -> None:
    match Ours("a", 5):
        case Ours("a", size, parts=()):
            assert size == 5
        case _:
            pytest.fail("no match")


def test_it_can_be_combined() -> None:
    combined = Combined("a")
    assert repr(combined) == "shown"
    assert isinstance(combined, Ours) and type(combined._replace(size=1)) is Combined
    assert not hasattr(combined, "__dict__")


def test_it_says_what_it_has() -> None:
    assert Ours._fields == Ours.__match_args__ == ("name", "size", "parts")
    assert Ours._field_defaults == {"size": 3, "parts": ()}
    assert (Ours.__doc__, Ours.__name__, Ours.__module__) == ("A record.", "Ours", __name__)


def test_what_would_be_dropped_in_silence_is_refused() -> None:
    """Annotations that Python keeps as code are not seen here, so a class without fields is a mistake."""
    make: Any = type(NamedTuple)
    with pytest.raises(TypeError, match="Nothing needs fields"):
        make("Nothing", (NamedTuple,), {"__annotate_func__": lambda format: {"name": str}})
    with pytest.raises(TypeError, match="and no other base"):
        make("Mixed", (NamedTuple, Shown), {"__annotations__": {"name": "str"}})

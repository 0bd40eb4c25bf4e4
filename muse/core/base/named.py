"""Immutable records with named fields: `NamedTuple`, as in `typing`, made in a tenth of the time.

`typing` takes 4 ms to load, and 0.15 ms for each class that it makes, mostly to compile annotations that nobody asks
for. A command meets forty such classes before it has done anything. Here a class is a tuple with a property for each
annotation, and that is all; type checkers see the original. A constructor that is as fast as theirs is compiled when
the tenth record of a class is made: most classes have fewer in a command.
"""

from __future__ import annotations

try:
    from _collections import _tuplegetter as _getter  # type: ignore[import-not-found]  # in C
except ImportError:
    from operator import itemgetter

    def _getter(index: int, about: str | None) -> property:
        return property(itemgetter(index), doc=about)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from typing import NamedTuple as NamedTuple


#: When a class has so many records, a constructor is compiled for it: that takes as long as making a hundred without.
_FEW = 10


class _Record(tuple):  # type: ignore[type-arg]  # of anything
    """What all records can do."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()
    _field_defaults: dict[str, Any] = {}  # noqa: RUF012 - never changed
    _made = 0

    def __new__(cls, /, *values: Any, **named: Any) -> Any:
        """One of the first records of its class."""
        record: Any = next(base for base in cls.__mro__ if "_fields" in base.__dict__)
        record._made += 1
        if record._made < _FEW:
            return tuple.__new__(cls, cls._filled(values, named))
        record.__new__ = staticmethod(_constructor(record))
        return record.__new__(cls, *values, **named)

    @classmethod
    def _filled(cls, values: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        """The values in order of the fields, with defaults where none was given."""
        rest = cls._fields[len(values) :]
        given = {**cls._field_defaults, **named}
        if len(values) > len(cls._fields) or named.keys() - set(rest) or set(rest) - given.keys():
            raise TypeError(f"{cls.__name__} takes {', '.join(cls._fields)}, not {values!r} and {named!r}")
        return (*values, *[given[name] for name in rest])

    @classmethod
    def _make(cls, values: Any) -> Any:
        return cls(*values)

    def _replace(self, /, **named: Any) -> Any:
        values = [*map(named.pop, self._fields, self)]
        if named:
            raise TypeError(f"{type(self).__name__} has no {', '.join(named)}")
        return type(self)(*values)

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        """What a copy is made of."""
        return tuple(self)


def _constructor(record: type[_Record]) -> Any:
    """What takes the fields as its arguments, as fast as Python can."""
    names = ", ".join(record._fields)
    new = eval(f"lambda _cls, {names}: _new(_cls, ({names},))", {"_new": tuple.__new__})
    new.__name__, new.__qualname__ = "__new__", f"{record.__name__}.__new__"
    new.__defaults__ = tuple(record._field_defaults.values())
    return new


class _Maker(type):
    """Makes of a class statement a plain class, which any other class can be combined with."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> Any:
        fields = tuple(body.get("__annotations__", ()))
        if not fields or bases != (NamedTuple,):
            raise TypeError(f"{name} needs fields, `from __future__ import annotations`, and no other base")
        body["_field_defaults"] = {field: body[field] for field in fields if field in body}
        body["_fields"] = body["__match_args__"] = fields
        for index, field in enumerate(fields):
            body[field] = _getter(index, None)
        body["__slots__"] = ()
        return type(name, (_Record,), body)


if not TYPE_CHECKING:
    NamedTuple = type.__new__(_Maker, "NamedTuple", (), {"__doc__": "The base of a record, as in `typing`."})

"""A notebook as muse sees it: cells with their sources and outputs, less what running alone changes.

`read` gives the same model for the same content, however the file was written, and never raises anything but
`NotANotebook`, whatever the bytes. It is fast because it does not look into images (see `light`).
"""

from __future__ import annotations

from collections.abc import Mapping

from muse.core.base.named import NamedTuple
from muse.notebook.light import NotANotebook, Texts, parse, parse_fully
from muse.notebook.output import TRACEBACK, Output, read_outputs, size_of
from muse.notebook.version3 import upgrade
from muse.notebook.volatile import of_cell_metadata, of_notebook_metadata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["TRACEBACK", "Cell", "NotANotebook", "Notebook", "Output", "read", "size_of"]

_CELL_FIELDS = {"id", "cell_type", "source", "outputs", "execution_count"}
_NOTEBOOK_FIELDS = {"cells", "metadata", "nbformat", "nbformat_minor"}


class Cell(NamedTuple):
    """One cell of a notebook.

    Attributes:
        id: Its identity in the file, where the file gives one (nbformat 4.5 and later).
        kind: "code", "markdown", "raw", or what else the file says.
        source: Its text, always whole.
        outputs: What it produced.
        rest: Everything else that is content (metadata, attachments), as canonical JSON.
        position: Its place in the file, from 1, over all cells.
    """

    id: str | None
    kind: str
    source: str
    outputs: tuple[Output, ...]
    rest: str
    position: int

    @property
    def key(self) -> tuple[object, ...]:
        """What two cells of the same content share, whatever their identity and place; hashable."""
        return self.kind, self.source, tuple(output.key for output in self.outputs), self.rest


class Notebook(NamedTuple):
    """A notebook without noise fields; cells that are noise are still in it.

    Attributes:
        cells: All cells, in the order of the file.
        metadata: The notebook's metadata as canonical JSON.
        long: What the placeholders in the outputs stand for, in UTF-8.
        language: The language of its code, in lower case; empty when the file does not say.
        rest: Other fields of the file, as canonical JSON; hardly any file has them.
    """

    cells: tuple[Cell, ...]
    metadata: str
    long: Mapping[str, bytes]
    language: str
    rest: str = "{}"

    def resolve(self, text: str) -> str:
        """The whole of a text of this notebook, which may be a placeholder; any other text as it is."""
        content = self.long.get(text)
        return text if content is None else content.decode("utf-8", "surrogatepass")


def read(raw: bytes) -> Notebook:
    """The notebook that a file holds.

    Raises:
        NotANotebook: The bytes are not a notebook of nbformat 3 or 4.
    """
    try:
        document, texts = parse(raw)
        if isinstance(document, dict) and document.get("nbformat") == 3:
            # Where its lines end, only whole texts tell.
            document, texts = upgrade(parse_fully(raw)), Texts({})
        return _notebook(document, texts)
    except NotANotebook:
        raise
    except UnicodeDecodeError:
        raise NotANotebook("the file is not text in UTF-8") from None
    except ValueError:
        raise NotANotebook("the file is not JSON" if raw.strip() else "the file is empty") from None
    except RecursionError:
        raise NotANotebook("the file nests too deeply") from None


def _notebook(document: object, texts: Texts) -> Notebook:
    version = document.get("nbformat") if isinstance(document, dict) else None
    if not isinstance(document, dict) or type(version) is not int or version not in (3, 4):
        raise NotANotebook("the file is JSON, but not a notebook of nbformat 3 or 4")
    records = document.get("cells")
    if not isinstance(records, list):
        raise NotANotebook("the notebook has no list of cells")
    cells = tuple(_cell(record, position, texts) for position, record in enumerate(records, 1))
    metadata = document.get("metadata", {})
    content = of_notebook_metadata(metadata) if isinstance(metadata, dict) else metadata
    rest = {name: value for name, value in document.items() if name not in _NOTEBOOK_FIELDS}
    language = _language(metadata, texts) or ("python" if version == 3 else "")
    return Notebook(cells, texts.json(content), texts.long, language, texts.json(rest))


def _cell(record: object, position: int, texts: Texts) -> Cell:
    if not isinstance(record, dict):
        raise NotANotebook(f"cell {position} is not an object")
    kind = record.get("cell_type")
    if not isinstance(kind, str):
        raise NotANotebook(f"cell {position} has no type")
    source = texts.join(record.get("source", ""))
    if source is None:
        raise NotANotebook(f"the source of cell {position} is not text")
    name = record.get("id")
    identity = texts.plain(name) if isinstance(name, str) else None
    outputs = read_outputs(record["outputs"], texts) if "outputs" in record else ()
    return Cell(identity, texts.plain(kind), source, outputs, _rest(record, texts), position)


def _rest(record: dict[str, Any], texts: Texts) -> str:
    rest = {name: value for name, value in record.items() if name not in _CELL_FIELDS}
    if isinstance(metadata := rest.get("metadata"), dict):
        rest["metadata"] = of_cell_metadata(metadata)
    for name in ("metadata", "attachments"):
        if rest.get(name) == {}:
            del rest[name]
    return texts.json(rest) if rest else "{}"


def _language(metadata: object, texts: Texts) -> str:
    """What the kernel said of its language, else what the name of the kernel gives away."""

    def word(field: str, part: str) -> str:
        record = metadata.get(field) if isinstance(metadata, dict) else None
        value = record.get(part) if isinstance(record, dict) else None
        return texts.plain(value).lower() if isinstance(value, str) else ""

    told = word("language_info", "name") or word("kernelspec", "language")
    return told or ("python" if word("kernelspec", "name").startswith("python") else "")

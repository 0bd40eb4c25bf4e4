"""What a cell produced: one output, and how it is read from a notebook.

An output is a table of MIME types to text, whatever its kind, so that displays and comparisons need one rule.
Long texts are held by placeholder (see `light`). How a text was split, into lines of a list or into chunks of
a stream, says nothing, and is gone.
"""

from __future__ import annotations

from muse.core.base.named import NamedTuple
from muse.notebook.light import NotANotebook, Texts, length_of
from muse.notebook.volatile import settled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The MIME type under which the traceback of an error stands.
TRACEBACK = "application/vnd.jupyter.error"

_NOISE = {"output_type", "execution_count", "prompt_number"}
_OWN = {"stream": {"name", "text"}, "error": {"ename", "evalue", "traceback"}}


class Output(NamedTuple):
    """One output of a cell.

    Attributes:
        kind: "stream", "display_data", "execute_result", "error", or what else the file says. name: Name of
        the stream, or of the exception; else empty. data: MIME type to text. A stream is "text/plain"; an
        error is "text/plain" ("ename: evalue") and `TRACEBACK`;
            under a JSON type the text is canonical JSON. Long texts are placeholders: see `Notebook.resolve`.
        rest: Everything else that is content, such as the width of an image, as canonical JSON.
    """

    kind: str
    name: str
    data: dict[str, str]
    rest: str = "{}"

    @property
    def key(self) -> tuple[object, ...]:
        """What two outputs must share to be the same; hashable."""
        return self.kind, self.name, tuple(sorted(self.data.items())), self.rest


def size_of(text: str, mime: str = "text/plain") -> int:
    """Bytes of a text of `Output.data`, not resolved; where the type means base64, of what it encodes."""
    length = length_of(text)
    return length if _is_text(mime) else length * 3 // 4


def read_outputs(records: object, texts: Texts) -> tuple[Output, ...]:
    """The outputs of one cell; neighbouring chunks of one stream are one output.

    Raises:
        NotANotebook: They do not have the shape of outputs.
    """
    if not isinstance(records, list):
        raise NotANotebook("the outputs of a cell are not a list")
    outputs: list[Output] = []
    chunks: list[list[str]] = []
    for record in records:
        if not isinstance(record, dict):
            raise NotANotebook("an output of a cell is not an object")
        kind = _word(record, "output_type", texts)
        output, text = _READERS.get(kind, _display)(kind, record, texts)
        if kind == "stream" and outputs and outputs[-1] == output:
            chunks[-1].append(text)
        else:
            outputs.append(output)
            chunks.append([text])
    for output, parts in zip(outputs, chunks, strict=True):
        if output.kind == "stream":
            text = "".join(parts)
            output.data["text/plain"] = texts.hold(settled(text) if output.name == "stderr" else text)
    return tuple(outputs)


def _stream(kind: str, record: dict[str, Any], texts: Texts) -> tuple[Output, str]:
    """A stream and its text, which joins the data when all of its chunks are known."""
    output = Output(kind, _word(record, "name", texts), {}, _rest(kind, record, texts))
    return output, _text(record, "text", texts)


def _error(kind: str, record: dict[str, Any], texts: Texts) -> tuple[Output, str]:
    name = _text(record, "ename", texts)
    frames = record.get("traceback", [])
    if not isinstance(frames, list) or not all(isinstance(frame, str) for frame in frames):
        raise NotANotebook("the traceback of an error is not a list of texts")
    data = {
        "text/plain": texts.hold(settled(f"{name}: {_text(record, 'evalue', texts)}")),
        TRACEBACK: texts.hold(settled("\n".join(map(texts.plain, frames)))),
    }
    return Output(kind, name, data, _rest(kind, record, texts)), ""


def _display(kind: str, record: dict[str, Any], texts: Texts) -> tuple[Output, str]:
    bundle = record.get("data", {})
    if not isinstance(bundle, dict):
        raise NotANotebook("the data of an output is not an object")
    data: dict[str, str] = {}
    odd: list[str] = []
    for mime, value in bundle.items():
        whole = value[0] if isinstance(value, list) and len(value) == 1 else value
        if _is_json(mime):
            data[mime] = texts.hold(texts.json(value))
        elif isinstance(whole, str):
            data[mime] = texts.hold(whole)
        elif (text := texts.join(value)) is not None:
            data[mime] = texts.hold(text)
        else:
            data[mime] = texts.hold(texts.json(value))
            odd.append(mime)
    return Output(kind, "", data, _rest(kind, record, texts, odd)), ""


_READERS = {"stream": _stream, "error": _error}


def _rest(kind: str, record: dict[str, Any], texts: Texts, odd: list[str] | None = None) -> str:
    """What is content and has no field of its own; `odd`: types whose value is no text, but should be."""
    own = _OWN.get(kind, {"data"})
    rest = {name: value for name, value in record.items() if name not in _NOISE and name not in own}
    if rest.get("metadata") == {}:
        del rest["metadata"]
    if odd:
        rest["data"] = odd
    return texts.json(rest) if rest else "{}"


def _word(record: dict[str, Any], field: str, texts: Texts) -> str:
    value = record.get(field)
    if not isinstance(value, str):
        raise NotANotebook(f"an output has no {field}")
    return texts.plain(value)


def _text(record: dict[str, Any], field: str, texts: Texts) -> str:
    text = texts.join(record.get(field, ""))
    if text is None:
        raise NotANotebook(f"the {field} of an output is not text")
    return text


def _is_json(mime: str) -> bool:
    return mime == "application/json" or (mime.startswith("application/") and mime.endswith("+json"))


def _is_text(mime: str) -> bool:
    """Whether notebooks store the type as text; everything else that is not an `application` is base64."""
    if mime.startswith("application/"):
        return mime not in {"application/pdf", "application/octet-stream", "application/zip"}
    return mime.startswith(("text/", "image/svg")) or "/" not in mime

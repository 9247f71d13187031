"""Arrays and plain containers out of a Python object stream, without ever calling anything it names.

The streams in which Python stores objects are programs for a small machine, and may name any function to be
called. This reader knows numbers, text, bytes, lists, tuples and dicts, protocols 0 to 5, and the few names with
which NumPy stores arrays and numbers. For those it does itself what they stand for, on bytes; any other name, and
any other instruction, is refused. Nothing is imported, looked up or called.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.parsing.safe_pickle_values import (
    NAMES,
    TYPES,
    Name,
    Pending,
    Refused,
    Type,
    array_of,
    finished,
    plain_key,
)

MAX_STEPS = 20_000_000
MAX_LINE = 4096
MAX_INT_BYTES = 32
MAX_MADE = 64 * 1024 * 1024
"""Bytes (or items) that conversions may make beyond what the file itself holds."""

_MARK = object()


def load_plain(file: str, raw: bytes) -> Any:
    """The one object of a stream.

    Args:
        file: its name, for errors.
        raw: its bytes.

    Returns:
        numbers, text, bytes, None, lists, tuples, dicts and NumPy arrays of numbers (views of `raw`, read-only).
        Lists and dicts may hold one another in circles.

    Raises:
        BadFile: with the byte: not such a stream, cut short, or anything else in it than the above.
        LimitExceeded: more instructions, or larger numbers, than the limits.
    """
    machine = _Machine(file, raw)
    try:
        return finished(machine.run())
    except Refused as refused:
        expected, found = refused.args
    except (IndexError, struct.error, UnicodeDecodeError):
        expected, found = "a whole object stream", "one that is cut short or mixed up"
    except (ValueError, TypeError, OverflowError) as error:
        expected, found = "arrays and plain containers", str(error)[:100]
    raise BadFile(file, where=f"byte {machine.at}", expected=expected, found=found)


class _Machine:
    def __init__(self, file: str, raw: bytes) -> None:
        self.file, self.raw, self.at = file, raw, 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.made = 0

    def run(self) -> Any:
        steps = 0
        while True:
            steps += 1
            if steps > MAX_STEPS:
                raise LimitExceeded(f"{self.file}: more than the limit of {MAX_STEPS:,} instructions")
            code = self.raw[self.at]
            self.at += 1
            if code == 0x2E:  # stop
                return self.pop()
            act = _ACTS.get(code)
            if act is None:
                raise Refused(
                    "arrays and plain containers", f"instruction {code:#04x}, which they do not need"
                )
            act(self)

    def take(self, count: int) -> bytes:
        if count < 0 or self.at + count > len(self.raw):
            raise IndexError
        self.at += count
        return self.raw[self.at - count : self.at]

    def skip(self, count: int) -> None:
        self.take(count)

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self, most: int = MAX_LINE) -> bytes:
        end = self.raw.find(b"\n", self.at, self.at + most)
        if end < 0:
            raise IndexError
        text = self.raw[self.at : end]
        self.at = end + 1
        return text

    def pop(self) -> Any:
        value = self.stack.pop()
        if value is _MARK:
            raise IndexError
        return value

    def top(self) -> Any:
        if self.stack[-1] is _MARK:
            raise IndexError
        return self.stack[-1]

    def drop(self) -> None:
        self.pop()

    def drop_marked(self) -> None:
        self.pop_marked()

    def pop_marked(self) -> list[Any]:
        items = []
        while (value := self.stack.pop()) is not _MARK:
            items.append(value)
        return items[::-1]

    def spend(self, amount: int) -> None:
        self.made += amount
        if self.made > MAX_MADE + 2 * len(self.raw):
            raise LimitExceeded(f"{self.file}: grows beyond the limit of {MAX_MADE:,} bytes")

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def name(self, module: object, name: object) -> None:
        known = NAMES.get((module, name)) if isinstance(module, str) and isinstance(name, str) else None
        if known is None:
            raise Refused("arrays and plain containers", f"the name {str(module)[:60]}.{str(name)[:60]}")
        self.push(Name(known))

    def set_items(self, items: list[Any]) -> None:
        target = self.top()
        if type(target) is not dict or len(items) % 2:
            raise Refused("a dict for its items", type(target).__name__)
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[plain_key(key)] = value

    def append(self, items: list[Any]) -> None:
        target = self.top()
        if type(target) is not list:
            raise Refused("a list for its items", type(target).__name__)
        target.extend(items)

    def call(self) -> None:
        """What one of the known names stands for, done here."""
        given, what = self.pop(), self.pop()
        if type(what) is not Name or type(given) is not tuple:
            raise Refused("one of NumPy's names with its arguments", type(what).__name__)
        self.push(self.made_of(str(what), given))

    def made_of(self, what: str, given: tuple[Any, ...]) -> Any:
        if what == "array" and given and given[0] == "ndarray" and type(given[0]) is Name:
            return Pending()
        if what == "dtype" and given and isinstance(given[0], str):
            if given[0] not in TYPES:
                raise Refused("arrays of numbers", f"type {given[0][:20]!r}")
            return Type(given[0])
        if what == "scalar" and len(given) == 2 and type(given[0]) is Type:
            return array_of(given[1], given[0].dtype(), (), "C")[()].item()
        if what == "frombuffer" and len(given) == 4 and type(given[1]) is Type:
            return array_of(given[0], given[1].dtype(), given[2], given[3])
        if what == "encode" and len(given) == 2 and isinstance(given[0], str) and given[1] == "latin1":
            self.spend(len(given[0]))
            return given[0].encode("latin1")
        if what in ("dict", "bytes") and not given:
            return {} if what == "dict" else b""
        raise Refused("NumPy's own way to store an array", f"{what} with {len(given)} arguments")

    def build(self) -> None:
        """Give an array, or a type of numbers, its state."""
        state, target = self.pop(), self.top()
        if (
            type(target) is Type
            and type(state) is tuple
            and len(state) >= 2
            and state[1] in ("<", ">", "|", "=")
        ):
            target.order = state[1]
        elif type(target) is Pending and type(state) is tuple and len(state) == 5 and type(state[2]) is Type:
            _, shape, kind, fortran, content = state
            if target.value is not None:
                raise Refused("one state for an array", "two")
            target.value = array_of(content, kind.dtype(), shape, "F" if fortran is True else "C")
        else:
            raise Refused("the state of an array", type(target).__name__)


def _protocol(machine: _Machine) -> None:
    if machine.number("B") > 5:
        raise Refused("protocol 0 to 5", f"{machine.raw[machine.at - 1]}")


def _integer(machine: _Machine) -> None:
    text = machine.line().rstrip(b"L")
    if text in (b"00", b"01"):
        machine.push(text == b"01")
        return
    if len(text) > 2 * MAX_INT_BYTES:
        raise Refused("a number of ordinary size", f"{len(text)} digits")
    machine.push(int(text))


def _long(form: str) -> Callable[[_Machine], None]:
    def act(machine: _Machine) -> None:
        count = machine.number(form)
        if not 0 <= count <= MAX_INT_BYTES:
            raise Refused("a number of ordinary size", f"{count} bytes")
        machine.push(int.from_bytes(machine.take(count), "little", signed=True))

    return act


def _of(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.number(form))


def _text(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.take(machine.number(form)).decode("utf-8", "surrogatepass"))


def _bytes(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.take(machine.number(form)))


def _old_text(form: str) -> Callable[[_Machine], None]:
    # What Python 2 called text: bytes of an array, or names. Latin-1 keeps each byte.
    def act(machine: _Machine) -> None:
        raw = machine.take(machine.number(form))
        machine.push(raw.decode("ascii") if raw.isascii() and len(raw) < 256 else raw)

    return act


def _quoted(machine: _Machine) -> None:
    text = machine.line()
    if len(text) < 2 or text[:1] not in (b"'", b'"') or text[-1:] != text[:1] or b"\\" in text:
        raise Refused("text in quotes without escapes", "other text")
    machine.push(text[1:-1].decode("ascii"))


def _tuple(count: int) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(tuple([machine.pop() for _ in range(count)][::-1]))


def _put(read: Callable[[_Machine], int]) -> Callable[[_Machine], None]:
    def act(machine: _Machine) -> None:
        machine.memo[read(machine)] = machine.top()

    return act


def _get(read: Callable[[_Machine], int]) -> Callable[[_Machine], None]:
    def act(machine: _Machine) -> None:
        place = read(machine)
        if place not in machine.memo:
            raise IndexError
        machine.push(machine.memo[place])

    return act


def _index(form: str) -> Callable[[_Machine], int]:
    return lambda machine: int(machine.number(form)) if form else int(machine.line()[:20])


def _global(machine: _Machine) -> None:
    machine.name(machine.line().decode(), machine.line().decode())


def _stack_global(machine: _Machine) -> None:
    name, module = machine.pop(), machine.pop()
    machine.name(module, name)


def _dict_of(machine: _Machine) -> None:
    items = machine.pop_marked()
    machine.push({})
    machine.set_items(items)


def _one_item(machine: _Machine) -> None:
    value, key = machine.pop(), machine.pop()
    machine.set_items([key, value])


def _one(machine: _Machine) -> None:
    machine.append([machine.pop()])


_ACTS: dict[int, Callable[[_Machine], None]] = {
    0x80: _protocol, 0x95: lambda m: m.skip(8),
    ord("("): lambda m: m.push(_MARK),
    ord("0"): lambda m: m.drop(), ord("1"): lambda m: m.drop_marked(),
    ord("2"): lambda m: m.push(m.top()),
    ord("N"): lambda m: m.push(None),
    0x88: lambda m: m.push(True), 0x89: lambda m: m.push(False),
    ord("I"): _integer, ord("L"): _integer,
    ord("J"): _of("<i"), ord("K"): _of("<B"), ord("M"): _of("<H"),
    0x8A: _long("<B"), 0x8B: _long("<i"),
    ord("F"): lambda m: m.push(float(m.line()[:100])), ord("G"): _of(">d"),
    ord("S"): _quoted, ord("T"): _old_text("<i"), ord("U"): _old_text("<B"),
    ord("V"): lambda m: m.push(m.line(len(m.raw)).decode("raw-unicode-escape")),
    ord("X"): _text("<I"), 0x8C: _text("<B"), 0x8D: _text("<Q"),
    ord("B"): _bytes("<I"), ord("C"): _bytes("<B"), 0x8E: _bytes("<Q"), 0x96: _bytes("<Q"),
    ord("]"): lambda m: m.push([]), ord("l"): lambda m: m.push(m.pop_marked()),
    ord("a"): _one, ord("e"): lambda m: m.append(m.pop_marked()),
    ord(")"): lambda m: m.push(()), ord("t"): lambda m: m.push(tuple(m.pop_marked())),
    0x85: _tuple(1), 0x86: _tuple(2), 0x87: _tuple(3),
    ord("}"): lambda m: m.push({}), ord("d"): _dict_of,
    ord("s"): _one_item, ord("u"): lambda m: m.set_items(m.pop_marked()),
    ord("p"): _put(_index("")), ord("q"): _put(_index("<B")), ord("r"): _put(_index("<I")),
    0x94: lambda m: m.memo.__setitem__(len(m.memo), m.top()),
    ord("g"): _get(_index("")), ord("h"): _get(_index("<B")), ord("j"): _get(_index("<I")),
    ord("c"): _global, 0x93: _stack_global,
    ord("R"): _Machine.call, ord("b"): _Machine.build,
}  # fmt: skip

"""Arrays and plain containers from a Python object stream, without ever calling anything it names.

The streams in which Python stores objects are programs for a small stack machine, and may call any function by name.
This reader knows numbers, text, bytes, lists, tuples and dicts, protocols 0 to 5, and the few names with which NumPy
stores arrays and numbers, and joblib arrays (with their bytes behind them). It carries out these itself, on bytes; any
other name or instruction is an error. Nothing is imported, looked up or called.

Why not `Unpickler.find_class` with a list of allowed names, or torch's weights-only unpickler: both still call NumPy's
own reconstruction functions with arguments from the file, neither limits memory or steps, and torch's would bring
torch into a package that reads without it. Here no callable is ever reached, and all work is bounded.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.limits import allowance
from pgfa.read.parsing.safe_pickle_values import (
    NAMES,
    TYPES,
    ArrayBehind,
    Name,
    NotAllowed,
    NumberKeys,
    NumberType,
    PendingArray,
    array_of,
    finished,
    plain_key,
    shown,
)

SMALL_STEPS = 2_500_000
"""Instructions in a small file; each may make an object of up to 100 bytes."""
MAX_LINE = 4096
MAX_INT_BYTES = 32
MAX_GROWTH = 64 * 1024 * 1024
"""Bytes that conversions may produce beyond the size of the file."""

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
        BadFile: with the byte; not an object stream, cut short, or with anything else in it.
        LimitExceeded: more instructions, or larger numbers, than the limits.
    """
    machine = _Machine(file, raw)
    try:
        return finished(machine.run())
    except NotAllowed as error:
        expected, actual = error.args
    except (IndexError, struct.error, UnicodeDecodeError):
        expected, actual = "a complete object stream", "one that is cut short or scrambled"
    except (ValueError, TypeError, OverflowError) as error:
        expected, actual = "arrays and plain containers", str(error)[:100]
    raise BadFile(file, where=f"byte {machine.position}", expected=expected, found=actual)


class _Machine:
    def __init__(self, file: str, raw: bytes) -> None:
        self.file, self.raw, self.position = file, raw, 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.growth = 0
        self.number_keys: dict[int, NumberKeys] = {}
        """Of each dict, by its id."""

    def run(self) -> Any:
        steps, most = 0, allowance(len(self.raw), SMALL_STEPS)
        while True:
            steps += 1
            if steps > most:
                raise LimitExceeded(f"{self.file}: more than the limit of {most:,} instructions")
            code = self.raw[self.position]
            self.position += 1
            if code == 0x2E:  # stop
                return self.pop()
            instruction = _INSTRUCTIONS.get(code)
            if instruction is None:
                raise NotAllowed(
                    "arrays and plain containers", f"instruction {code:#04x}, which they do not need"
                )
            instruction(self)

    def take(self, count: int) -> bytes:
        if count < 0 or self.position + count > len(self.raw):
            raise IndexError
        self.position += count
        return self.raw[self.position - count : self.position]

    def skip(self, count: int) -> None:
        self.take(count)

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self, most: int = MAX_LINE) -> bytes:
        end = self.raw.find(b"\n", self.position, self.position + most)
        if end < 0:
            raise IndexError
        text = self.raw[self.position : end]
        self.position = end + 1
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

    def count_growth(self, amount: int) -> None:
        self.growth += amount
        if self.growth > MAX_GROWTH + 2 * len(self.raw):
            raise LimitExceeded(f"{self.file}: grows beyond the limit of {MAX_GROWTH:,} bytes")

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def name(self, module: object, name: object) -> None:
        meaning = NAMES.get((module, name)) if isinstance(module, str) and isinstance(name, str) else None
        if meaning is None:
            # Only who has PyTorch can make arrays of the tensors that GVHMR and others save.
            tensors = isinstance(module, str) and module.partition(".")[0] == "torch"
            expected = "arrays and plain containers" + (
                " (save tensors of PyTorch as arrays: tensor.cpu().numpy())" if tensors else ""
            )
            raise NotAllowed(expected, f"the name {shown(module)}.{shown(name)}")
        self.push(Name(meaning))

    def set_items(self, items: list[Any]) -> None:
        target = self.top()
        if type(target) is not dict or len(items) % 2:
            raise NotAllowed("a dict for its items", type(target).__name__)
        for key, value in zip(items[::2], items[1::2], strict=True):
            if isinstance(key, int | float):
                self.number_keys.setdefault(id(target), NumberKeys()).add(key)
            target[plain_key(key)] = value

    def append(self, items: list[Any]) -> None:
        target = self.top()
        if type(target) is not list:
            raise NotAllowed("a list for its items", type(target).__name__)
        target.extend(items)

    def call(self) -> None:
        """Carry out one of the known names."""
        arguments, name = self.pop(), self.pop()
        if type(name) is not Name or type(arguments) is not tuple:
            raise NotAllowed("one of NumPy's names with its arguments", type(name).__name__)
        self.push(self.construct(str(name), arguments))

    def construct(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """The result of a known name applied to its arguments."""
        first = arguments[0] if arguments else None
        if name == "array" and first == "ndarray" and type(first) is Name:
            return PendingArray()
        if name == "dtype" and isinstance(first, str):
            if first not in TYPES:
                raise NotAllowed("arrays of numbers", f"type {first[:20]!r}")
            return NumberType(first)
        if name == "scalar" and len(arguments) == 2 and type(first) is NumberType:
            return array_of(arguments[1], first.dtype(), (), "C")[()].item()
        if name == "frombuffer" and len(arguments) == 4 and type(arguments[1]) is NumberType:
            return array_of(first, arguments[1].dtype(), arguments[2], arguments[3])
        if name == "encode" and len(arguments) == 2 and isinstance(first, str) and arguments[1] == "latin1":
            self.count_growth(len(first))
            return first.encode("latin1")
        if name in ("dict", "bytes") and not arguments:
            return {} if name == "dict" else b""
        raise NotAllowed("NumPy's own way to store an array", f"{name} with {len(arguments)} arguments")

    def build(self) -> None:
        """Give an array, or a number type, its state."""
        state, target = self.pop(), self.top()
        fields = state if type(state) is tuple else ()
        if type(target) is NumberType and len(fields) >= 2 and fields[1] in ("<", ">", "|", "="):
            target.order = fields[1]
        elif type(target) is ArrayBehind and type(state) is dict:
            self.pop()
            self.push(self.array_behind(state))
        elif type(target) is PendingArray and len(fields) == 5 and type(fields[2]) is NumberType:
            _, shape, number_type, fortran, content = fields
            if target.value is not None:
                raise NotAllowed("one state for an array", "two")
            target.value = array_of(content, number_type.dtype(), shape, "F" if fortran is True else "C")
        else:
            raise NotAllowed("the state of an array", type(target).__name__)

    def new(self) -> None:
        """Make an array of joblib: the only object that a stream makes without calling a function."""
        arguments, name = self.pop(), self.pop()
        if type(name) is not Name or name != "joblib" or arguments != ():
            raise NotAllowed("arrays and plain containers", "an object of another kind")
        self.push(ArrayBehind())

    def array_behind(self, state: dict[Any, Any]) -> Any:
        """The array whose bytes follow its state, as joblib writes them: after padding, whose length is a byte."""
        number_type, shape = state.get("dtype"), state.get("shape")
        if (
            type(number_type) is not NumberType
            or type(shape) is not tuple
            or state.get("subclass") != "ndarray"
        ):
            raise NotAllowed("an array of numbers", "another one")
        if state.get("numpy_array_alignment_bytes") is not None:
            self.skip(self.number("B"))
        lengths = [length if type(length) is int and 0 <= length < 1 << 40 else 1 << 40 for length in shape]
        dtype = number_type.dtype()
        return array_of(self.take(math.prod(lengths) * dtype.itemsize), dtype, shape, state.get("order"))


def _protocol(machine: _Machine) -> None:
    if machine.number("B") > 5:
        raise NotAllowed("protocol 0 to 5", f"{machine.raw[machine.position - 1]}")


def _integer(machine: _Machine) -> None:
    text = machine.line().rstrip(b"L")
    if text in (b"00", b"01"):
        machine.push(text == b"01")
        return
    if len(text) > 2 * MAX_INT_BYTES:
        raise NotAllowed("a number of ordinary size", f"{len(text)} digits")
    machine.push(int(text))


def _long(form: str) -> Callable[[_Machine], None]:
    def instruction(machine: _Machine) -> None:
        count = machine.number(form)
        if not 0 <= count <= MAX_INT_BYTES:
            raise NotAllowed("a number of ordinary size", f"{count} bytes")
        machine.push(int.from_bytes(machine.take(count), "little", signed=True))

    return instruction


def _of(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.number(form))


def _text(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.take(machine.number(form)).decode("utf-8", "surrogatepass"))


def _bytes(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.take(machine.number(form)))


def _old_text(form: str) -> Callable[[_Machine], None]:
    # Text of Python 2: bytes of an array, or names.
    def instruction(machine: _Machine) -> None:
        raw = machine.take(machine.number(form))
        machine.push(raw.decode("ascii") if raw.isascii() and len(raw) < 256 else raw)

    return instruction


def _quoted(machine: _Machine) -> None:
    text = machine.line()
    if len(text) < 2 or text[:1] not in (b"'", b'"') or text[-1:] != text[:1] or b"\\" in text:
        raise NotAllowed("text in quotes without escapes", "other text")
    machine.push(text[1:-1].decode("ascii"))


def _tuple(count: int) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(tuple([machine.pop() for _ in range(count)][::-1]))


def _put(read: Callable[[_Machine], int]) -> Callable[[_Machine], None]:
    def instruction(machine: _Machine) -> None:
        machine.memo[read(machine)] = machine.top()

    return instruction


def _get(read: Callable[[_Machine], int]) -> Callable[[_Machine], None]:
    def instruction(machine: _Machine) -> None:
        key = read(machine)
        if key not in machine.memo:
            raise IndexError
        machine.push(machine.memo[key])

    return instruction


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


def _set_item(machine: _Machine) -> None:
    value, key = machine.pop(), machine.pop()
    machine.set_items([key, value])


def _append(machine: _Machine) -> None:
    machine.append([machine.pop()])


_INSTRUCTIONS: dict[int, Callable[[_Machine], None]] = {
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
    ord("a"): _append, ord("e"): lambda m: m.append(m.pop_marked()),
    ord(")"): lambda m: m.push(()), ord("t"): lambda m: m.push(tuple(m.pop_marked())),
    0x85: _tuple(1), 0x86: _tuple(2), 0x87: _tuple(3),
    ord("}"): lambda m: m.push({}), ord("d"): _dict_of,
    ord("s"): _set_item, ord("u"): lambda m: m.set_items(m.pop_marked()),
    ord("p"): _put(_index("")), ord("q"): _put(_index("<B")), ord("r"): _put(_index("<I")),
    0x94: lambda m: m.memo.__setitem__(len(m.memo), m.top()),
    ord("g"): _get(_index("")), ord("h"): _get(_index("<B")), ord("j"): _get(_index("<I")),
    ord("c"): _global, 0x93: _stack_global,
    ord("R"): _Machine.call, ord("b"): _Machine.build, 0x81: _Machine.new,
}  # fmt: skip

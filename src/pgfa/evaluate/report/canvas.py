"""Line drawings that are written as SVG and as PDF: the few shapes that figures in a paper need, in Helvetica."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Literal

Colour = tuple[float, float, float]
Anchor = Literal["start", "middle", "end"]

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (1, 1, 1)
GREY: Colour = (0.6, 0.6, 0.6)
BLUE: Colour = (0.05, 0.32, 0.62)

# Advance widths of the printable ASCII characters in Helvetica, in thousandths of the size.
_WIDTHS = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, *[556] * 10, 278, 278, 584, 584,
    584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667,
    611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222,
    222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip


@dataclass(frozen=True)
class _Shape:
    """One shape, in both forms."""

    svg: str
    pdf: str


@dataclass
class Canvas:
    """A drawing of a given size in points; x to the right, y down.

    Attributes:
        width, height: in points.
        title: for readers that cannot see it.
    """

    width: float
    height: float
    title: str
    _shapes: list[_Shape] = field(default_factory=list)

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        colour: Colour = BLACK,
        width: float = 0.6,
        dash: bool = False,
    ) -> None:
        """A straight line."""
        dashes = ' stroke-dasharray="3 2"' if dash else ""
        self._shapes.append(
            _Shape(
                f'<path d="M{x1:.2f} {y1:.2f}L{x2:.2f} {y2:.2f}" stroke="{_hex(colour)}" '
                f'stroke-width="{width:g}"{dashes}/>',
                f"{_rgb(colour)} RG {width:g} w {'[3 2] 0 d' if dash else '[] 0 d'} "
                f"{x1:.2f} {self._up(y1)} m {x2:.2f} {self._up(y2)} l S",
            )
        )

    def box(self, x: float, y: float, width: float, height: float, fill: Colour) -> None:
        """A filled rectangle; (x, y) is its upper left corner."""
        self._shapes.append(
            _Shape(
                f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{_hex(fill)}"/>',
                f"{_rgb(fill)} rg {x:.2f} {self._up(y + height)} {width:.2f} {height:.2f} re f",
            )
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        anchor: Anchor = "start",
        colour: Colour = BLACK,
        size: float = 8,
        turned: bool = False,
    ) -> None:
        """Text on a baseline at y; turned: it runs upwards."""
        turn = f' transform="rotate(-90 {x:.2f} {y:.2f})"' if turned else ""
        shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * text_width(text, size)
        matrix = (
            f"0 1 -1 0 {x:.2f} {self._up(y + shift)}" if turned else f"1 0 0 1 {x - shift:.2f} {self._up(y)}"
        )
        self._shapes.append(
            _Shape(
                f'<text x="{x:.2f}" y="{y:.2f}" font-size="{size:g}" text-anchor="{anchor}" '
                f'{_fitted(text, size)}fill="{_hex(colour)}"{turn}>'
                f"{escape(text)}</text>",
                f"BT {_rgb(colour)} rg /F1 {size:g} Tf {matrix} Tm {_pdf_text(text)} Tj ET",
            )
        )

    def to_svg(self) -> str:
        """The drawing as a file of its own."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:g}pt" height="{self.height:g}pt" '
            f'viewBox="0 0 {self.width:g} {self.height:g}" font-family="Helvetica, Arial, sans-serif" fill="none">'
            f"<title>{escape(self.title)}</title>{''.join(shape.svg for shape in self._shapes)}</svg>\n"
        )

    def to_pdf(self) -> bytes:
        """The drawing as a page of its size (PDF 1.4). The same drawing is always the same bytes."""
        content = "\n".join(shape.pdf for shape in self._shapes).encode("cp1252", "replace")
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {self.width:g} {self.height:g}] /Contents 5 0 R "
            "/Resources << /Font << /F1 4 0 R >> >> >>".encode(),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
            b"<< /Title " + _pdf_text(self.title).encode("cp1252", "replace") + b" >>",
        ]
        out, offsets = b"%PDF-1.4\n", []
        for number, body in enumerate(objects, 1):
            offsets.append(len(out))
            out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        count = len(objects) + 1
        return (
            out
            + b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
            + b"trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(out))
        )

    def _up(self, y: float) -> str:
        """A height as PDF counts it, from the bottom."""
        return f"{self.height - y:.2f}"


def text_width(text: str, size: float) -> float:
    """Width in points, in Helvetica; of characters outside ASCII, about."""
    return sum(_WIDTHS[ord(c) - 32] if " " <= c <= "~" else 556 for c in text) * size / 1000


def _fitted(text: str, size: float) -> str:
    """Attributes that keep a text as wide as in Helvetica where another font takes its place."""
    if not text.isascii() or not text:
        return ""
    return f'textLength="{text_width(text, size):.2f}" lengthAdjust="spacingAndGlyphs" '


def tint(colour: Colour, share: float) -> Colour:
    """Between white (0) and the colour (1)."""
    red, green, blue = (1 - share * (1 - channel) for channel in colour)
    return red, green, blue


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in colour)


def _rgb(colour: Colour) -> str:
    return " ".join(f"{channel:.3f}" for channel in colour)


def _pdf_text(text: str) -> str:
    plain = "".join(c if c >= " " else " " for c in text)
    return "(" + plain.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") + ")"

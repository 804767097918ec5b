"""What all papers are drawn with: a font that knows Cyrillic, and bar codes.

The font comes with a package, so a paper looks the same on a server without any fonts. A text is
cut, not wrapped out of its place: a bar code under it must stay readable.
"""

from datetime import datetime
from importlib.resources import as_file, files
from typing import NamedTuple

from barcode.codex import Code128  # type: ignore[import-untyped]
from fpdf import FPDF

REGULAR, BOLD = "", "B"

_FAMILY = "Roboto"
_FILES = {REGULAR: "Roboto-Regular.ttf", BOLD: "Roboto-Bold.ttf"}
_MM_PER_PT = 25.4 / 72
# Narrower bars than a third of a millimetre are beyond thermal printers of 203 dpi.
_BAR_MM_MAX = 0.375
_QUIET_BARS = 10  # white before and after a code, by its standard


class Size(NamedTuple):
    """Width and height of a sheet in millimetres."""

    width_mm: float
    height_mm: float


class Sheet:
    """A document while it is drawn; millimetres from the upper left corner."""

    def __init__(self, size: Size, title: str, made_at: datetime) -> None:
        """Begin a document without pages.

        Args:
            size: of each page.
            title: as a viewer shows it.
            made_at: stands in the file, so that the same paper is the same bytes.
        """
        self.size = size
        self._pdf = FPDF(format=(size.width_mm, size.height_mm))
        self._pdf.set_title(title)
        self._pdf.set_lang("ru")
        self._pdf.set_creation_date(made_at)
        self._pdf.set_auto_page_break(auto=False)
        self._pdf.set_margin(0)
        self._pdf.c_margin = 0
        for style, name in _FILES.items():
            with as_file(files("font_roboto") / "files" / name) as path:
                self._pdf.add_font(_FAMILY, style, path)

    def page(self) -> None:
        """Begin a page."""
        self._pdf.add_page()

    def text(
        self, x: float, y: float, width: float, text: str, *, size_pt: float, style: str = REGULAR
    ) -> float:
        """Write one line, cut to its width; gives where the next line begins."""
        self._pdf.set_font(_FAMILY, style, size_pt)
        height = size_pt * _MM_PER_PT * 1.25
        self._pdf.set_xy(x, y)
        self._pdf.cell(width, height, self._cut(text, width))
        return y + height

    def lines(
        self, x: float, y: float, width: float, text: str, *, size_pt: float, lines_max: int
    ) -> float:
        """Write a text over several lines, cut after so many; gives where the next begins."""
        self._pdf.set_font(_FAMILY, REGULAR, size_pt)
        words = text.split()
        for number in range(lines_max):
            if not words:
                break
            line = words.pop(0)
            last = number == lines_max - 1
            while words and (last or self._pdf.get_string_width(f"{line} {words[0]}") <= width):
                line = f"{line} {words.pop(0)}"
            y = self.text(x, y, width, line, size_pt=size_pt)
        return y

    def rule(self, y: float, margin: float) -> None:
        """Draw a line over the page."""
        self._pdf.set_line_width(0.2)
        self._pdf.line(margin, y, self.size.width_mm - margin, y)

    def bar_code(self, x: float, y: float, width: float, height: float, code: str) -> None:
        """Draw a Code 128 into the middle of a rectangle, as wide as it fits."""
        (bars,) = Code128(code).build()
        bar_mm = min(_BAR_MM_MAX, width / (len(bars) + 2 * _QUIET_BARS))
        left = x + (width - bar_mm * len(bars)) / 2
        self._pdf.set_fill_color(0)
        at = 0
        while at < len(bars):
            run = len(bars) - at - len(bars[at:].lstrip(bars[at]))
            if bars[at] == "1":
                self._pdf.rect(left + at * bar_mm, y, run * bar_mm, height, style="F")
            at += run

    def bytes(self) -> bytes:
        """Finish the document."""
        return bytes(self._pdf.output())

    def _cut(self, text: str, width: float) -> str:
        if self._pdf.get_string_width(text) <= width:
            return text
        while text and self._pdf.get_string_width(f"{text}…") > width:
            text = text[:-1]
        return f"{text}…"

"""Reads a PDF as people and scanners do: its text, and the bar codes on the rendered page."""

from typing import NamedTuple

import pypdfium2
import zxingcpp

_DOTS_PER_POINT = 203 / 72  # a thermal printer's resolution


class Page(NamedTuple):
    """A page: its lines of text, its bar codes, and its size in millimetres."""

    lines: list[str]
    codes: list[str]
    size_mm: tuple[int, int]


def read_pages(content: bytes) -> list[Page]:
    """Read every page of a document."""
    assert content.startswith(b"%PDF-")
    document = pypdfium2.PdfDocument(content)
    pages = []
    for number in range(len(document)):
        page = document[number]
        text = page.get_textpage().get_text_bounded()
        image = page.render(scale=_DOTS_PER_POINT).to_pil()
        codes = [found.text for found in zxingcpp.read_barcodes(image)]
        width, height = (round(side * 25.4 / 72) for side in page.get_size())
        pages.append(Page(text.splitlines(), codes, (width, height)))
    document.close()
    return pages

"""The act by which a carrier takes parcels over, A4."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from entrepot.documents.sheet import BOLD, Sheet, Size
from entrepot.domain.parcels import ParcelKey, act_code, parcel_code

_SIZE = Size(210, 297)
_MARGIN = 15.0
_WIDTH = _SIZE.width_mm - 2 * _MARGIN
_ROW_PT = 9.0
_TABLE_END = 265.0
_SIGNATURES_MM = 35.0
# Where the columns begin, and how wide they are: number, parcel, order, shop's number, weight.
_COLUMNS = ((0.0, 12.0), (12.0, 58.0), (70.0, 38.0), (108.0, 48.0), (156.0, 24.0))
_TITLES = ("№", "Место", "Заказ", "Номер магазина", "Вес, кг")


class HandoverAct(NamedTuple):
    """What stands on an act; the parcels in the order in which they were scanned.

    `taken_at` is None as long as the carrier has not taken the parcels: then it is a draft.
    """

    business_id: int
    handover_id: int
    sender: str
    warehouse: str
    carrier: str
    taken_at: datetime | None
    rows: tuple["ActRow", ...]


class ActRow(NamedTuple):
    """A parcel on an act."""

    parcel: ParcelKey
    external_order_id: str
    weight_g: int


def render_act(act: HandoverAct, made_at: datetime) -> bytes:
    """Draw an act; both moments are local to the warehouse."""
    code = act_code(act.business_id, act.handover_id)
    sheet = Sheet(_SIZE, f"Акт приёма-передачи {code}", made_at)
    y = _first_page(sheet, act, code)
    for number, row in enumerate(act.rows, start=1):
        if y > _TABLE_END:
            y = _next_page(sheet, code)
        y = _row(sheet, y, _cells(number, row))
    if y > _TABLE_END - _SIGNATURES_MM:
        y = _next_page(sheet, code)
    _end(sheet, y, act.rows)
    return sheet.bytes()


def _first_page(sheet: Sheet, act: HandoverAct, code: str) -> float:
    sheet.page()
    x = _MARGIN
    sheet.bar_code(x + 100, _MARGIN, 80, 14, code)
    y = sheet.text(x, _MARGIN, 100, "Акт приёма-передачи", size_pt=16, style=BOLD)
    y = sheet.text(x, y, 100, f"№ {code}", size_pt=12)
    taken = "не передано" if act.taken_at is None else f"{act.taken_at:%d.%m.%Y %H:%M}"
    for line in (
        f"Передано: {taken}",
        f"Отправитель: {act.sender}",
        f"Склад: {act.warehouse}",
        f"Перевозчик: {act.carrier}",
    ):
        y = sheet.text(x, y, _WIDTH, line, size_pt=10)
    return _head(sheet, y + 3)


def _next_page(sheet: Sheet, code: str) -> float:
    sheet.page()
    y = sheet.text(_MARGIN, _MARGIN, _WIDTH, f"Акт № {code}, продолжение", size_pt=9)
    return _head(sheet, y + 2)


def _head(sheet: Sheet, y: float) -> float:
    y = _row(sheet, y, _TITLES, style=BOLD)
    sheet.rule(y, _MARGIN)
    return y + 1


def _row(sheet: Sheet, y: float, cells: Sequence[str], style: str = "") -> float:
    below = y
    for (left, width), cell in zip(_COLUMNS, cells, strict=True):
        below = sheet.text(_MARGIN + left, y, width - 2, cell, size_pt=_ROW_PT, style=style)
    return below


def _cells(number: int, row: ActRow) -> tuple[str, ...]:
    return (
        str(number),
        parcel_code(row.parcel),
        str(row.parcel.order_id),
        row.external_order_id,
        _kilograms(row.weight_g),
    )


def _end(sheet: Sheet, y: float, rows: Sequence[ActRow]) -> None:
    sheet.rule(y + 1, _MARGIN)
    orders = len({row.parcel.order_id for row in rows})
    weight = _kilograms(sum(row.weight_g for row in rows))
    total = f"Всего мест: {len(rows)}, заказов: {orders}, вес: {weight} кг"
    y = sheet.text(_MARGIN, y + 2, _WIDTH, total, size_pt=10, style=BOLD)
    for side in ("Сдал", "Принял"):
        signature = f"{side}: ____________________ / ____________________"
        y = sheet.text(_MARGIN, y + 6, _WIDTH, signature, size_pt=10)


def _kilograms(weight_g: int) -> str:
    return f"{weight_g / 1000:.3f}".replace(".", ",")

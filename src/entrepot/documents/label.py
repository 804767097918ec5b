"""Shipping labels, 100 by 150 mm: one page for each parcel."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from entrepot.documents.sheet import BOLD, Sheet, Size
from entrepot.domain.parcels import Packed, ParcelKey, parcel_code

_SIZE = Size(100, 150)
_MARGIN = 5.0
_WIDTH = _SIZE.width_mm - 2 * _MARGIN


class Label(NamedTuple):
    """What stands on the labels of an order.

    `place` and `when` are in words. The code by which the buyer takes a parcel is not there: who
    holds the parcel must not know it.
    """

    carrier: str
    sender: str
    warehouse: str
    external_order_id: str
    recipient: str
    phone: str
    place: str
    when: str
    notes: str


class LabelledParcel(NamedTuple):
    """A parcel to be labelled."""

    key: ParcelKey
    packed: Packed


def render_labels(label: Label, parcels: Sequence[LabelledParcel], made_at: datetime) -> bytes:
    """Draw the labels of an order's parcels; `made_at` is local to the warehouse."""
    assert parcels
    sheet = Sheet(_SIZE, f"Этикетка {parcel_code(parcels[0].key)}", made_at)
    for parcel in parcels:
        sheet.page()
        _draw(sheet, label, parcel, len(parcels))
    return sheet.bytes()


def _draw(sheet: Sheet, label: Label, parcel: LabelledParcel, total: int) -> None:
    x, width = _MARGIN, _WIDTH
    code = parcel_code(parcel.key)
    y = sheet.text(x, _MARGIN, width, label.carrier, size_pt=14, style=BOLD)
    y = sheet.text(x, y, width, f"Место {parcel.key.number} из {total}", size_pt=11)
    sheet.rule(y + 1, _MARGIN)
    y = sheet.text(x, y + 2, width, "Получатель", size_pt=8)
    y = sheet.text(x, y, width, label.recipient, size_pt=13, style=BOLD)
    y = sheet.text(x, y, width, label.phone, size_pt=11)
    y = sheet.lines(x, y + 1, width, label.place, size_pt=11, lines_max=5)
    y = sheet.text(x, y + 1, width, label.when, size_pt=11, style=BOLD)
    sheet.lines(x, y, width, label.notes, size_pt=9, lines_max=2)
    sheet.rule(88, _MARGIN)
    y = sheet.text(x, 90, width, f"Отправитель: {label.sender}", size_pt=9)
    y = sheet.text(x, y, width, f"Склад: {label.warehouse}", size_pt=9)
    y = sheet.text(x, y, width, f"Заказ {parcel.key.order_id}", size_pt=9)
    y = sheet.text(x, y, width, f"Номер магазина: {label.external_order_id}", size_pt=9)
    sheet.text(x, y, width, _measures(parcel.packed), size_pt=9)
    sheet.bar_code(x, 113, width, 26, code)
    sheet.text(x, 140, width, code, size_pt=12, style=BOLD)


def _measures(packed: Packed) -> str:
    sides = " × ".join(
        f"{side / 10:.1f}".replace(".", ",")
        for side in (packed.length_mm, packed.width_mm, packed.height_mm)
    )
    return f"{packed.weight_g / 1000:.3f} кг, {sides} см".replace(".", ",", 1)

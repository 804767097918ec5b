"""Labels and acts, rendered and read back."""

import subprocess
import sys
from pathlib import Path

import pytest

from entrepot.documents.handover_act import ActRow, HandoverAct, render_act
from entrepot.documents.label import Label, LabelledParcel, render_labels
from entrepot.domain.parcels import Packed, ParcelKey, act_code, parcel_code, read_parcel_code
from tests.documents.reading import read_pages
from tests.domain.networks import at

ROOT = Path(__file__).parents[2]
KEY = ParcelKey(1001, 7_000_001, 1)
LABEL = Label(
    carrier="Собственная доставка",
    sender="Домашний уют",
    warehouse="Софьино",
    external_order_id="заказ №77/ё",
    recipient="Щёткина Ёлка Ивановна",
    phone="+79990001122",
    place="Москва, Тверская улица, дом 6, подъезд 2, этаж 3, квартира 45",
    when="28.11.2026, 10:00–14:00",
    notes="Не кантовать",
)
MADE_AT = at("2026-11-27 12:30")


def labels(label: Label = LABEL, parcels: int = 1, key: ParcelKey = KEY) -> bytes:
    """Render labels of an order."""
    packed = Packed(1_250, 305, 200, 100)
    named = [LabelledParcel(key._replace(number=n), packed) for n in range(1, parcels + 1)]
    return render_labels(label, named, MADE_AT)


def act(rows: int, *, taken: bool = True) -> HandoverAct:
    """An act of parcels of 100 g, one of each order."""
    return HandoverAct(
        business_id=1001,
        handover_id=17,
        sender="Домашний уют",
        warehouse="Софьино",
        carrier="Собственная доставка",
        taken_at=MADE_AT if taken else None,
        rows=tuple(
            ActRow(KEY._replace(order_id=KEY.order_id + n), f"заказ-{n}", 100) for n in range(rows)
        ),
    )


def test_a_label_says_whose_parcel_it_is_in_cyrillic() -> None:
    (page,) = read_pages(labels())
    assert page.size_mm == (100, 150)
    assert page.codes == [parcel_code(KEY)]
    assert LABEL.recipient in page.lines
    assert "+79990001122" in page.lines
    assert "Место 1 из 1" in page.lines
    assert "Номер магазина: заказ №77/ё" in page.lines
    assert "1,250 кг, 30,5 × 20,0 × 10,0 см" in page.lines
    assert LABEL.place in " ".join(page.lines)


def test_the_log_of_a_service_has_no_letter_of_a_label() -> None:
    printing = """
from pathlib import Path
from entrepot.settings import LogLevel, Settings
from entrepot.supervisor.logs import configure_logging
from tests.documents.test_papers import labels
configure_logging(Settings(data_dir=Path("/nowhere"), log_level=LogLevel.DEBUG))
labels()
"""
    done = subprocess.run(
        [sys.executable, "-c", printing], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stderr == ""


def test_every_parcel_has_its_label_and_code() -> None:
    pages = read_pages(labels(parcels=3))
    keys = [read_parcel_code(code) for page in pages for code in page.codes]
    assert keys == [KEY._replace(number=number) for number in (1, 2, 3)]
    assert [page.lines[1] for page in pages] == [f"Место {n} из 3" for n in (1, 2, 3)]


def test_the_longest_code_can_be_scanned() -> None:
    key = ParcelKey(9_999_999_999, 2**53 - 1, 1)
    (page,) = read_pages(labels(key=key))
    assert page.codes == [parcel_code(key)]


@pytest.mark.parametrize("text", ["", "x", "слово " * 300, "😀 ಠ_ಠ ₽"])
def test_any_text_leaves_the_code_readable(text: str) -> None:
    label = LABEL._replace(recipient=text, place=text, notes=text, external_order_id=text)
    (page,) = read_pages(labels(label))
    assert page.codes == [parcel_code(KEY)]


def test_the_same_label_is_the_same_bytes() -> None:
    assert labels() == labels()


def test_an_act_lists_every_parcel_over_as_many_pages_as_it_needs() -> None:
    pages = read_pages(render_act(act(130), MADE_AT))
    assert len(pages) > 2
    assert pages[0].size_mm == (210, 297)
    assert pages[0].codes == [act_code(1001, 17)]
    lines = [line for page in pages for line in page.lines]
    text = " ".join(lines)
    for n in range(130):
        row = f"{n + 1} P1001-{KEY.order_id + n}-1 {KEY.order_id + n} заказ-{n} 0,100"
        assert row in text
    assert "Передано: 27.11.2026 12:30" in lines
    assert "Всего мест: 130, заказов: 130, вес: 13,000 кг" in lines
    assert any(line.startswith("Принял:") for line in pages[-1].lines)


def test_an_act_that_nobody_signed_says_so() -> None:
    (page,) = read_pages(render_act(act(1, taken=False), MADE_AT))
    assert "Передано: не передано" in page.lines


@pytest.mark.parametrize(
    "scanned",
    ["", "P1-2", "P0-1-1", "P1-2-0", "p1-2-3", "P1-2-3-4", f"P{2**63}-1-1", "4600000000017"],
)
def test_what_is_no_parcels_code_is_not_taken_for_one(scanned: str) -> None:
    assert read_parcel_code(scanned) is None


def test_a_scanner_may_add_a_line_end() -> None:
    assert read_parcel_code(f"{parcel_code(KEY)}\r\n") == KEY

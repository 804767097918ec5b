"""Offers and stock of the demo world: a shop of household goods, a shop of sports goods.

An offer's place in the list decides everything about it. The first `SMALL_OFFERS` fit every
point and lie in every warehouse in thousands; of the others

- one in ten lies in one warehouse only, one in ten in two;
- one in ten is nearly sold out: one to three pieces in one warehouse;
- one in twenty is sold out everywhere;
- the rest lies in every warehouse in hundreds.

What weighs more than `LARGE_FROM_G` is of the kind `LARGE`, which the warehouse at Novosibirsk
does not take.
"""

from collections.abc import Iterator

import msgspec

from entrepot.demo.network import LARGE_GOODS, NOVOSIBIRSK_WAREHOUSE, WAREHOUSE_IDS
from entrepot.domain.delivery.goods import GENERAL_GOODS
from entrepot.domain.offers import Offer

SMALL_OFFERS = 40
LARGE_FROM_G = 50_000

# Name, weight in grams, length, width and height in millimetres.
_Model = tuple[str, int, int, int, int]

_HOUSEHOLD: tuple[_Model, ...] = (
    ("Кружка керамическая", 350, 120, 90, 100),
    ("Тарелка обеденная", 600, 270, 270, 30),
    ("Набор столовых приборов", 900, 260, 180, 60),
    ("Полотенце махровое", 450, 300, 220, 60),
    ("Свеча ароматическая", 300, 90, 90, 110),
    ("Плед вязаный", 1_100, 350, 300, 120),
    ("Чайник заварочный", 850, 220, 160, 150),
    ("Настольная лампа", 1_300, 380, 180, 170),
    ("Сковорода чугунная", 2_600, 440, 260, 60),
    ("Мультиварка", 4_200, 400, 320, 300),
    ("Пылесос", 6_500, 560, 330, 300),
    ("Кресло офисное", 14_000, 700, 620, 330),
    ("Стеллаж", 23_000, 1_150, 420, 120),
    ("Стиральная машина", 62_000, 900, 640, 600),
    ("Шкаф двустворчатый", 74_000, 2_100, 620, 260),
    ("Диван угловой", 118_000, 2_400, 1_000, 900),
)
_SPORTS: tuple[_Model, ...] = (
    ("Бутылка для воды", 180, 250, 80, 80),
    ("Скакалка", 220, 200, 120, 50),
    ("Коврик для йоги", 1_000, 600, 120, 120),
    ("Мяч футбольный", 430, 230, 230, 230),
    ("Перчатки тренировочные", 250, 240, 140, 60),
    ("Эспандер", 350, 220, 150, 60),
    ("Рюкзак туристический", 1_400, 550, 330, 200),
    ("Гантель", 5_000, 330, 170, 160),
    ("Спальный мешок", 1_900, 420, 240, 240),
    ("Палатка двухместная", 3_600, 600, 180, 180),
    ("Лыжи беговые", 2_200, 1_900, 120, 80),
    ("Велосипед", 15_500, 1_400, 750, 220),
    ("Беговая дорожка", 58_000, 1_750, 800, 350),
)
_VARIANTS = (
    "белый",
    "чёрный",
    "серый",
    "синий",
    "зелёный",
    "красный",
    "бежевый",
    "голубой",
    "жёлтый",
    "розовый",
    "коричневый",
    "фиолетовый",
    "оранжевый",
    "бирюзовый",
    "бордовый",
    "песочный",
    "графитовый",
    "мятный",
    "лавандовый",
    "терракотовый",
)
_SMALL_MODELS = SMALL_OFFERS // 5  # five variants of each of the smallest models come first


class DemoStock(msgspec.Struct, frozen=True, gc=False):
    """What lies of an offer in a warehouse, in pieces."""

    warehouse_id: int
    offer_id: str
    fit: int
    defect: int = 0
    quarantine: int = 0


def household_offers() -> tuple[Offer, ...]:
    """Give the 320 offers of the first business."""
    return tuple(_offers("HOME", _HOUSEHOLD))


def sports_offers() -> tuple[Offer, ...]:
    """Give the 260 offers of the second business."""
    return tuple(_offers("SPORT", _SPORTS))


def stock_of(offers: tuple[Offer, ...]) -> tuple[DemoStock, ...]:
    """Give what lies where of a business's offers."""
    return tuple(row for number, offer in enumerate(offers) for row in _stock(number, offer))


def _offers(prefix: str, models: tuple[_Model, ...]) -> Iterator[Offer]:
    early, late = models[:_SMALL_MODELS], models[_SMALL_MODELS:]
    named = [(model, variant) for variant in _VARIANTS[:5] for model in early]
    named += [(model, variant) for variant in _VARIANTS[5:] for model in early]
    named += [(model, variant) for variant in _VARIANTS for model in late]
    for number, ((name, weight_g, length, width, height), variant) in enumerate(named, 1):
        yield Offer(
            f"{prefix}-{number:04}",
            f"{name}, цвет {variant}",
            weight_g,
            length,
            width,
            height,
            kind=LARGE_GOODS if weight_g > LARGE_FROM_G else GENERAL_GOODS,
        )


def _stock(number: int, offer: Offer) -> Iterator[DemoStock]:
    if number < SMALL_OFFERS:
        for nth, warehouse_id in enumerate(WAREHOUSE_IDS):
            yield DemoStock(warehouse_id, offer.offer_id, 5_000 + 100 * ((7 * number + nth) % 40))
        return
    kind, turn = number % 20, number // 20 % len(WAREHOUSE_IDS)
    turned = tuple(
        warehouse_id
        for warehouse_id in WAREHOUSE_IDS[turn:] + WAREHOUSE_IDS[:turn]
        if offer.kind == GENERAL_GOODS or warehouse_id != NOVOSIBIRSK_WAREHOUSE
    )
    if kind in {1, 11}:
        yield DemoStock(turned[0], offer.offer_id, 300 + number)
    elif kind in {2, 12}:
        yield DemoStock(turned[0], offer.offer_id, 1 + number % 3, defect=1)
    elif kind == 3:  # noqa: PLR2004 - the sold out ones
        yield DemoStock(turned[0], offer.offer_id, 0, quarantine=2)
    else:
        places = turned[:2] if kind in {4, 14} else turned
        for nth, warehouse_id in enumerate(places):
            fit = 200 + (37 * number + 411 * nth) % 1_500
            yield DemoStock(warehouse_id, offer.offer_id, fit, defect=(number + nth) % 7 // 5)

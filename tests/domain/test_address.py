"""Addresses as people write them, against the regions of the demo world."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.demo.network import demo_network
from entrepot.demo.regions import OWN_ID
from entrepot.domain.address import Resolved, Unresolved, Why, resolve_address
from entrepot.domain.address_words import sound
from entrepot.domain.network import NetworkDescription
from entrepot.domain.network_build import build_network

NETWORK = build_network(1, NetworkDescription(regions=demo_network().regions))
REGIONS = NETWORK.regions.by_id

MOSCOW, PETERSBURG, NOVOSIBIRSK, YEKATERINBURG, KAZAN = 213, 2, 65, 54, 43
NIZHNY, ROSTOV, KHIMKI, KOROLEV, ZELENOGRAD, TOMSK = 47, 39, 10758, 20728, 216, 67
TROITSK_MOSCOW, TROITSK_URAL = OWN_ID + 1, OWN_ID + 2
KIROVSK_LENINGRAD, KIROVSK_MURMANSK = OWN_ID + 3, OWN_ID + 4
MIRNY_ARKHANGELSK, MIRNY_YAKUTIA = OWN_ID + 9, OWN_ID + 10
KOLTSOVO_NSK, KOLTSOVO_URAL = OWN_ID + 202, OWN_ID + 203
IVANOVKA_NSK, IVANOVKA_SARATOV, IVANOVKA_MOSCOW = OWN_ID + 205, OWN_ID + 206, OWN_ID + 207
MURINO, YANINO, MOSKVA_VILLAGE = OWN_ID + 210, OWN_ID + 211, OWN_ID + 212

RESOLVED = [
    # As postal forms have it.
    ("630099, Новосибирская обл., г. Новосибирск, ул. Ленина, д. 5, кв. 3", NOVOSIBIRSK),
    ("125009, Россия, г. Москва, ул. Тверская, д. 7, стр. 1", MOSCOW),
    ("191186, Санкт-Петербург, Невский проспект, дом 28, литера А", PETERSBURG),
    ("420111, Республика Татарстан, г. Казань, ул. Баумана, д. 3", KAZAN),
    ("Российская Федерация, Свердловская область, Екатеринбург, проспект Ленина, 24/8", 54),
    ("690091, Приморский край, г. Владивосток, ул. Светланская, 10", 75),
    # As state registers have it: the marker behind the name.
    ("Новосибирск г, Ленина ул, дом 5", NOVOSIBIRSK),
    ("Московская обл, Химки г, Юбилейный пр-кт, дом 5", KHIMKI),
    ("Казань г, Татарстан респ, Баумана ул, 3", KAZAN),
    ("Башкортостан респ, Уфа г, Ленина ул, 5", 172),
    ("обл Новосибирская, г Новосибирск, пр-кт Карла Маркса, д 30", NOVOSIBIRSK),
    ("край Краснодарский, г Сочи, ул Навагинская, д 9", 239),
    # As people have it.
    ("Москва, Тверская 7", MOSCOW),
    ("москва тверская 7", MOSCOW),
    ("МОСКВА, УЛ. ТВЕРСКАЯ, Д. 7", MOSCOW),
    ("г.Москва,ул.Тверская,д.7", MOSCOW),
    ("мск ленинский проспект 32", MOSCOW),
    ("город Новосибирск улица Ленина дом 5", NOVOSIBIRSK),
    ("НОВОСИБИРСК КРАСНЫЙ ПРОСПЕКТ 25", NOVOSIBIRSK),
    ("спб невский 28", PETERSBURG),
    ("Питер, Литейный пр., 5", PETERSBURG),
    ("С-Петербург, наб. реки Мойки, 12", PETERSBURG),
    ("санкт петербург большой проспект п.с. 45", PETERSBURG),
    ("Нижний Новгород, Большая Покровская ул., 10", NIZHNY),
    ("н. новгород, покровская 10", NIZHNY),
    ("Ростов н/Д, пр. Будённовский, 10", ROSTOV),
    ("Ростов-на-Дону, ул. Садовая, 5", ROSTOV),
    ("ростов на дону садовая 5", ROSTOV),
    ("Екб, Малышева 36", YEKATERINBURG),
    ("Королев, проспект Космонавтов 3", KOROLEV),
    ("Королёв, проспект Космонавтов 3", KOROLEV),
    # Parents in any order, or some of them only.
    ("ул. Ленина, 5, Томск, Томская область, Россия", TOMSK),
    ("ул. Ленина 5, Томск", TOMSK),
    ("Томск, Россия, ул. Ленина, 5", TOMSK),
    ("Сибирский федеральный округ, Томск, ул. Ленина, 5", TOMSK),
    ("Подмосковье, Химки, ул. Победы, 3", KHIMKI),
    ("Химки, ул. Победы, 3", KHIMKI),
    ("г.о. Химки, г. Химки, ул. Победы, 3", KHIMKI),
    ("Московская область, городской округ Королёв, Королёв, ул. Ленина, 1", KOROLEV),
    ("Московская область, г. Москва, ул. Тверская, 7", MOSCOW),
    ("Ленинградская область, Санкт-Петербург, Невский 1", PETERSBURG),
    ("Москва, Зеленоград, корпус 1204", ZELENOGRAD),
    ("Зеленоград, корпус 1204", ZELENOGRAD),
    ("Башкирия, Уфа, Ленина 5", 172),
    ("Якутия, Якутск, ул. Дзержинского, 5", 74),
    ("Кемеровская область - Кузбасс, г. Новокузнецк, ул. Кирова, 1", 237),
    # Latin letters, in the usual romanisations and in English.
    ("Moscow, Tverskaya st. 7", MOSCOW),
    ("Tverskaya ulitsa 7, Moskva, Russia", MOSCOW),
    ("g. Moskva, ul. Tverskaya, d. 7", MOSCOW),
    ("St. Petersburg, Nevsky pr. 28", PETERSBURG),
    ("28 Nevsky Prospekt, Saint Petersburg, Russia", PETERSBURG),
    ("Sankt-Peterburg, Nevskij prospekt 28", PETERSBURG),
    ("Nizhny Novgorod, Bolshaya Pokrovskaya 10", NIZHNY),
    ("Nizhnij Novgorod, Pokrovskaja 10", NIZHNY),
    ("Ekaterinburg, Lenina 24", YEKATERINBURG),
    ("Yekaterinburg, Sverdlovsk oblast, Lenina 24", YEKATERINBURG),
    ("Rostov-on-Don, Sadovaya 5", ROSTOV),
    ("Kazan, Republic of Tatarstan, Baumana st., 3", KAZAN),
    ("Kazan', Tatarstan, ul. Baumana 3", KAZAN),
    ("Chelyabinsk, pr. Lenina 5", 56),
    ("Novosibirsk region, Novosibirsk city, Lenina 5", NOVOSIBIRSK),
    ("Moskovskaya obl., Khimki, Pobedy 3", KHIMKI),
    ("Himki, Pobedy 3", KHIMKI),
    ("Tyumen, Respubliki st 5", 55),
    ("Voronezh, Plekhanovskaya 5", 193),
    # Two places of one name, told apart by what lies above them.
    ("Мурманская область, Кировск, Ленина 5", KIROVSK_MURMANSK),
    ("Ленинградская обл, г. Кировск, ул. Новая, 4", KIROVSK_LENINGRAD),
    ("Ленинградская обл, Кировский р-н, г. Кировск, ул. Новая, 4", KIROVSK_LENINGRAD),
    ("Кировск, Мурманская обл., пр. Ленина, 1", KIROVSK_MURMANSK),
    ("Москва, г. Троицк, Сиреневая 5", TROITSK_MOSCOW),
    ("Челябинская обл г Троицк ул Советская 5", TROITSK_URAL),
    ("Архангельская область, Мирный, ул. Ленина 1", MIRNY_ARKHANGELSK),
    ("Республика Саха (Якутия), г. Мирный, ул. Ленина 1", MIRNY_YAKUTIA),
    ("Саха Якутия респ, г Мирный, Ленина 1", MIRNY_YAKUTIA),
    ("Новосибирская область, Новосибирский р-н, рп. Кольцово, 12", KOLTSOVO_NSK),
    ("Новосибирская область, Кольцово, 12", KOLTSOVO_NSK),
    ("Свердловская обл., Сысертский район, пос. Кольцово, 5", KOLTSOVO_URAL),
    ("Новосибирская обл, Баганский р-н, с Ивановка, ул Мира, 3", IVANOVKA_NSK),
    ("р-н Баганский, с. Ивановка, 3", IVANOVKA_NSK),
    ("Саратовский район, село Ивановка, ул. Центральная, 1", IVANOVKA_SARATOV),
    ("Московская обл., Дмитровский р-н, д. Ивановка, д. 7", IVANOVKA_MOSCOW),
    ("Moskovskaya oblast, Dmitrovskiy rayon, derevnya Ivanovka, 7", IVANOVKA_MOSCOW),
    ("Псковская обл., д. Москва, д. 3", MOSKVA_VILLAGE),
    ("дер. Москва, 3", MOSKVA_VILLAGE),
    # Names that are streets, stations or districts here.
    ("Новосибирск ул Москва 5", NOVOSIBIRSK),
    ("Новосибирск, ул. Мирный, 5", NOVOSIBIRSK),
    ("Химки, Московская ул., 5", KHIMKI),
    ("Москва, метро Владимир, ул. Ленина 5", MOSCOW),
    ("Москва, мкр. Северный, 5", MOSCOW),
    ("Новосибирск, Советское, 5", NOVOSIBIRSK),
    ("Москва ул 8 Марта 5", MOSCOW),
    ("Новосибирск, Мира ул 5 к 2", NOVOSIBIRSK),
    ("Казань, Кировский р-н, ул. Ленина 5", KAZAN),
    ("Новосибирск, Советский район, ул. Ильича 6", OWN_ID + 302),
    ("Новосибирск, Академгородок, Ильича 6", OWN_ID + 302),
    ("Владимир, ул. Мира 3", 192),
    ("Ленинградская обл., Всеволожский р-н, Мурино, бульвар Менделеева, 5", MURINO),
    ("Янино-1, ул. Новая 4", YANINO),
]

UNRESOLVED = [
    ("", Why.UNKNOWN),
    (", , ,", Why.UNKNOWN),
    ("дом 5", Why.UNKNOWN),
    ("ул. Ленина, 5", Why.UNKNOWN),
    ("ул. Московская, д. 5", Why.UNKNOWN),
    ("Россия", Why.UNKNOWN),
    ("Московская область, ул. Ленина, 5", Why.UNKNOWN),
    ("Простоквашино, ул. Ленина 1", Why.UNKNOWN),
    ("г. Урюпинск, ул. Ленина 1", Why.UNKNOWN),
    ("Волгоградская обл, г Урюпинск, ул Ленина 1", Why.UNKNOWN),
    ("Урюпинск, Софьино, 5", Why.CONTRADICTORY),
    ("Новосибирск, д. Неведомка, ул. Ленина 4", Why.UNKNOWN),
    ("Тамбовская область, Химки, ул. Ленина 4", Why.UNKNOWN),
    ("Kirovsk", Why.AMBIGUOUS),
    ("Кировск, ул. Ленина, 5", Why.AMBIGUOUS),
    ("г Троицк, ул Ленина 1", Why.AMBIGUOUS),
    ("Россия, Мирный, Ленина 1", Why.AMBIGUOUS),
    ("с. Ивановка, ул. Центральная, 3", Why.AMBIGUOUS),
    ("Кольцово, 5", Why.AMBIGUOUS),
    ("Советск", Why.AMBIGUOUS),
    ("Железногорск, ул. Ленина 1", Why.AMBIGUOUS),
    ("Москва, Новосибирск", Why.CONTRADICTORY),
    ("Казахстан, Москва, Абая 3", Why.CONTRADICTORY),
    ("Пермский край, Новосибирск, Ленина 5", Why.CONTRADICTORY),
    ("Новосибирская обл, Тогучинский р-н, с Ивановка, ул Мира, 3", Why.CONTRADICTORY),
    ("Новосибирская обл, Неведомый р-н, с Ивановка, ул Мира, 3", Why.CONTRADICTORY),
]


@pytest.mark.parametrize(("text", "region_id"), RESOLVED)
def test_an_address_is_resolved(text: str, region_id: int) -> None:
    answer = resolve_address(NETWORK, text)
    assert isinstance(answer, Resolved), answer
    assert REGIONS[answer.region_id] == REGIONS[region_id]


@pytest.mark.parametrize(("text", "why"), UNRESOLVED)
def test_an_address_that_names_no_single_place_is_not_guessed(text: str, why: Why) -> None:
    assert resolve_address(NETWORK, text) == Unresolved(why)


UNIQUE_CITIES = [
    region
    for region in REGIONS.values()
    if region.type.value == "CITY" and len(NETWORK.regions.named(region.name)) == 1
]


@pytest.mark.parametrize("city", UNIQUE_CITIES, ids=lambda city: city.name)
@pytest.mark.parametrize(
    "form",
    [
        "{name}, ул. Ленина, д. 5",
        "г {name} пр-т Мира 12 кв 4",
        "{name} г, Гагарина ул, 3",
        "123456, Россия, {above}, г. {name}, Садовая 1",
        "Садовая ул., 1, {name}, {above}",
    ],
)
def test_every_city_is_found_in_every_form(city, form: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    above = REGIONS[city.parent_id].name
    for text in (form, form.upper(), form.casefold()):
        answer = resolve_address(NETWORK, text.format_map(_Names(city.name, above)))
        assert answer == Resolved(city.id), text


class _Names(dict):  # type: ignore[type-arg]
    def __init__(self, name: str, above: str) -> None:
        super().__init__(name=name, NAME=name.upper(), above=above, ABOVE=above.upper())


@given(st.text(max_size=512))
def test_any_text_gets_an_answer(text: str) -> None:
    answer = resolve_address(NETWORK, text)
    assert isinstance(answer, Unresolved) or answer.region_id in REGIONS


_PIECES = st.sampled_from(
    [
        "г.",
        "ул.",
        "д.",
        "с",
        "обл",
        "р-н",
        ",",
        "5",
        "Москва",
        "Мирный",
        "Ивановка",
        "Ленина",
        "область",
        "Новосибирская",
        "респ",
        "Саха",
        "п",
        "м",
        "к2",
        "пр-т",
        "St.",
        "Kazan",
        "Россия",
    ]
)


@given(st.lists(_PIECES, max_size=20))
def test_any_row_of_words_gets_an_answer(pieces: list[str]) -> None:
    answer = resolve_address(NETWORK, " ".join(pieces))
    assert isinstance(answer, Unresolved) or answer.region_id in REGIONS


@pytest.mark.parametrize(
    ("russian", "spellings"),
    [
        ("нижний", ["nizhny", "nizhniy", "nizhnij", "nizhnii"]),
        ("екатеринбург", ["ekaterinburg", "yekaterinburg"]),
        ("химки", ["khimki", "himki"]),
        ("щелково", ["shchelkovo", "schelkovo"]),
        ("челны", ["chelny", "chelni"]),
        ("ульяновск", ["ulyanovsk", "uljanovsk", "ulianovsk"]),
        ("йошкар", ["yoshkar", "joshkar", "ioshkar"]),
        ("липецк", ["lipetsk", "lipeck"]),
    ],
)
def test_romanisations_sound_alike(russian: str, spellings: list[str]) -> None:
    assert {sound(spelling) for spelling in spellings} == {sound(russian)}

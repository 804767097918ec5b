"""What is wrong with files is told whole: each fault by file, line and column, in a sentence."""

from pathlib import Path

import pytest

from entrepot.network_files.folder import read_folder
from entrepot.network_files.problems import InvalidFilesError

FILES = {
    "regions.csv": """\
id,parent_id,name,type,country_code,latitude,longitude,aliases
225,,Россия,COUNTRY,RU,,,
1,225,Тверская область,REPUBLIC,,,,
14,1,Тверь,CITY,,56.86,35.9,
""",
    "calendars.yaml": """\
- id: 1
  name: Every day
- id: 2
  name: Office
  works: Mon-Fri
  country: RU
  years: 2026-2027
""",
    "warehouses.yaml": """\
- id: 11
  name: Warehouse
  region_id: 14
  city: Тверь
  latitude: 56.8
  longitude: 35.9
  time_zone: Europe/Moscow
  calendar_id: 2
  cut_off: 15:00
""",
    "points.csv": """\
id,region_id,full_address,latitude,longitude,time_zone,calendar_id,hours,daily_capacity,\
item_weight_limit_g,item_length_limit_mm,item_width_limit_mm,item_height_limit_mm
101,14,"Тверь, 1",56.8,35.9,Europe/Moscow,1,09:00-21:00,50,15000,600,400,400
""",
    "zones.csv": """\
id,name,region_ids,time_zone,calendar_id,\
item_weight_limit_g,item_length_limit_mm,item_width_limit_mm,item_height_limit_mm
201,Тверь,14,Europe/Moscow,1,50000,2000,1000,1000
""",
    "zone_intervals.csv": """\
zone_id,days,from_time,to_time,capacity
201,daily,10:00,14:00,20
201,Mon-Fri,18:00,22:00,10
""",
    "lanes.csv": """\
warehouse_id,region_id,transit_days_min,transit_days_max,pickup_base_rub,pickup_per_kg_rub,\
courier_base_rub,item_weight_limit_g
11,1,1,2,150,10,250,
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "network"
    made.mkdir()
    for name, text in FILES.items():
        (made / name).write_text(text)
    return made


def problems(folder: Path) -> list[str]:
    with pytest.raises(InvalidFilesError) as invalid:
        read_folder(folder)
    assert invalid.value.count == len(invalid.value.problems)
    return [str(each).removeprefix(f"{folder}/") for each in invalid.value.problems]


def test_the_files_are_a_network(folder: Path) -> None:
    assert len(read_folder(folder).regions) == 3


@pytest.mark.parametrize(
    ("file", "before", "after", "expected"),
    [
        ("regions.csv", "14,1,", "14,7,", "4: parent_id: there is no region 7"),
        ("regions.csv", "CITY", "TOWN", "4: type: 'TOWN' is none of"),
        ("regions.csv", "225,,", "225,14,", "2: parent_id: is below itself: 225 → 14 → 1 → 225"),
        ("regions.csv", "14,1,", "1,225,", "4: id: 1 stands on line 3 already"),
        ("regions.csv", "56.86,35.9", "56.86,", "4: longitude: is empty, while the other"),
        ("regions.csv", "56.86", "96.86", "4: latitude: '96.86' is not from -90 to 90 degrees"),
        ("regions.csv", "Тверская область", "", "3: name: is empty"),
        ("regions.csv", "CITY,,", "CITY,,,,,,,", "4: 13 cells for 8 columns"),
        ("regions.csv", "id,parent_id", "id,parent", "1: unknown column 'parent'"),
        ("calendars.yaml", "years: 2026-2027", "", "3: years: is empty: of which years"),
        ("calendars.yaml", "country: RU", "country: XX", "country: no holidays are known of 'XX'"),
        ("calendars.yaml", "works: Mon-Fri", "works: Mon-Fry", "5: works: 'Mon-Fry' holds 'Fry'"),
        ("calendars.yaml", "- id: 1", "- id: [1", "2: is no YAML"),
        ("warehouses.yaml", "Europe/Moscow", "Moscow", "7: time_zone: 'Moscow' is no time zone"),
        ("warehouses.yaml", "calendar_id: 2", "calendar_id: 3", "there is no calendar 3"),
        ("warehouses.yaml", "15:00", "Mon 15:00", "9: cut_off: 'Mon 15:00' has no time for Tue"),
        ("warehouses.yaml", "cut_off", "cutoff", "9: 'cutoff': is no field; the fields are: id"),
        ("points.csv", "101,14", "101,15", "2: region_id: there is no region 15"),
        ("points.csv", '"Тверь, 1"', "", "2: full_address: is empty, and neither city nor street"),
        ("points.csv", "09:00-21:00", "09:00-25:00", "2: hours: '09:00-25:00' holds '25:00'"),
        ("points.csv", ",50,", ",-1,", "2: daily_capacity: '-1' is not from 0 to"),
        ("zones.csv", "Тверь,14", "Тверь,14|99", "2: region_ids: there is no region 99"),
        ("zones.csv", "Тверь,14", "Тверь,", "2: region_ids: is empty"),
        ("zone_intervals.csv", "14:00", "09:00", "2: to_time: 10:00 to 09:00 ends before it"),
        ("zone_intervals.csv", "201,daily", "202,daily", "2: zone_id: there is no zone 202"),
        (
            "zone_intervals.csv",
            "Mon-Fri,18:00,22:00",
            "Sat,10:00,14:00",
            "3: days: Sat 10:00 to 14:00 of the zone stands on line 2 already",
        ),
        ("lanes.csv", "11,1,1,2", "11,1,3,2", "2: transit_days_max: 2 is less than transit"),
        ("lanes.csv", "11,1,1,2", "12,1,1,2", "2: warehouse_id: there is no warehouse 12"),
        ("lanes.csv", "150,10,250,", ",,,", "2: pickup_base_rub: is empty, and so is courier"),
        ("lanes.csv", "150,10,250,", ",10,250,", "2: pickup_base_rub: is empty, while pickup_per"),
        ("lanes.csv", "150,10,250,", "150,10,250,900", "2: item_length_limit_mm: is empty"),
        ("lanes.csv", "150,10", "150.001,10", "2: pickup_base_rub: '150.001' has more than 2"),
    ],
)
def test_a_fault_is_named(folder: Path, file: str, before: str, after: str, expected: str) -> None:
    path = folder / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    found = problems(folder)
    assert any(each.startswith(f"{file}:") and expected in each for each in found), found


def test_all_faults_are_named_at_once_and_in_order(folder: Path) -> None:
    (folder / "points.csv").write_text(FILES["points.csv"].replace("101,14", "x1,15"))
    (folder / "lanes.csv").write_text(FILES["lanes.csv"].replace("11,1,", "11,77,"))
    (folder / "regions.csv").write_text(FILES["regions.csv"] + "y,1,Торжок,CITY,,,,\n")
    assert problems(folder) == [
        "regions.csv:5: id: 'y' is no whole number",
        "points.csv:2: id: 'x1' is no whole number",
        "points.csv:2: region_id: there is no region 15",
        "lanes.csv:2: region_id: there is no region 77",
    ]


def test_a_row_that_is_broken_is_there_for_those_who_refer_to_it(folder: Path) -> None:
    path = folder / "regions.csv"
    path.write_text(FILES["regions.csv"].replace("CITY,,56.86,35.9", "CITY,,x,35.9"))
    assert problems(folder) == ["regions.csv:4: latitude: 'x' is no number of degrees"]


def test_a_file_that_cannot_be_read_is_the_only_fault(folder: Path) -> None:
    (folder / "regions.csv").write_bytes(FILES["regions.csv"].encode("cp1251"))
    assert problems(folder) == ["regions.csv:2: is not UTF-8; in Excel, save it as 'CSV UTF-8'"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("region.csv", "id\n", "region.csv: belongs to no network; its files are regions"),
        ("regions.yaml", "[]\n", "regions.yaml: stands beside"),
    ],
)
def test_files_that_nobody_reads(folder: Path, name: str, text: str, expected: str) -> None:
    (folder / name).write_text(text)
    assert any(each.startswith(expected) for each in problems(folder))


def test_no_folder_and_an_empty_one(tmp_path: Path) -> None:
    assert problems(tmp_path)[0].endswith(
        "holds no network: none of regions, calendars,"
        " warehouses, points, zones, zone_intervals, lanes (.csv or .yaml)"
    )
    assert problems(tmp_path / "none")[0].endswith("is no folder")


def test_what_spreadsheets_make_of_it_is_read(folder: Path) -> None:
    plain = read_folder(folder)
    (folder / "zone_intervals.csv").write_text(
        "\ufeffsep=;\r\nZONE_ID;comment;days;from_time;to_time;capacity\r\n"
        "# couriers\r\n\r\n201;;Ежедневно;10:00:00;14:00:00;20\r\n"
        "201;evenings;пн–пт;18:00;22:00;10\r\n"
    )
    (folder / "lanes.csv").write_text(
        "warehouse_id\tregion_id\ttransit_days_min\ttransit_days_max\tpickup_base_rub\t"
        "pickup_per_kg_rub\tcourier_base_rub\n11\t1\t1\t2\t150,00\t10\t2\u00a050.0\n"
    )
    assert read_folder(folder) == plain


def test_each_file_may_be_csv_or_yaml(folder: Path) -> None:
    plain = read_folder(folder)
    (folder / "calendars.yaml").unlink()
    (folder / "calendars.csv").write_text(
        "id,name,works,country,years\n1,Every day,,,\n2,Office,Mon-Fri,RU,2026|2027\n"
    )
    (folder / "zone_intervals.csv").unlink()
    (folder / "zone_intervals.yml").write_text(
        "- {zone_id: 201, from_time: 10:00, to_time: 14:00, capacity: 20}\n"
        "- zone_id: 201\n  days: [Mon, Tue, Wed, Thu, Fri]\n"
        "  from_time: 18:00\n  to_time: 22:00\n  capacity: 10\n"
    )
    assert read_folder(folder) == plain

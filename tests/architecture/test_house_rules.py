"""Rules of the house that no linter knows."""

import re

import msgspec
import pytest

from entrepot.contract.operator_errors import OperatorCode
from entrepot.operations.registry import APIS, load_operations, snake
from entrepot.operations.wire import Answer, Query, Request
from entrepot.settings import Settings, description, variable_name
from tests.architecture.sources import SOURCES, Module, modules

load_operations()
DECLARED = [operation for api in APIS for operation in api.operations.values()]

FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 400
DATA = {"contract/enums.py"}  # the contract's lists, as long as they are

# Whatever is asked for, a page holds no more than the contract says.
CUT_DOWN = {"limit", "pageSize"}

# A program of its own, that measures this one from outside.
ELSEWHERE = ("bench/",)

TRANSACTIONS = re.compile(r"^\s*(BEGIN|COMMIT|END|START TRANSACTION|SAVEPOINT|ROLLBACK)\b")
ROW_LOCKS = re.compile(r"\bFOR (NO KEY UPDATE|UPDATE|SHARE|KEY SHARE)\b")
STATEMENTS = re.compile(r"^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH \w+ AS|TRUNCATE)\s")
REAL_TIME = re.compile(r"\b(now\(\)|clock_timestamp\(\)|CURRENT_(TIMESTAMP|DATE|TIME)\b)")
BY_REAL_TIME = {
    "db/clock.py",
    "db/deliveries.py", "db/delivery_lanes.py", "db/subscriptions.py",
    "db/network_editions.py", "db/network_readers.py",
    "db/parallel_holds.py",
}  # fmt: skip
CLOCKS = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.(time|monotonic)\w*)$")


def ours() -> list[Module]:
    return [module for module in modules() if not module.name.startswith(ELSEWHERE)]


def those_that_say(pattern: re.Pattern[str]) -> set[str]:
    return {
        module.name for module in ours() if any(pattern.search(text) for text in module.texts())
    }


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_functions_and_modules_are_short(module: Module) -> None:
    for function in module.functions():
        lines = (function.end_lineno or 0) - function.lineno + 1
        assert lines <= FUNCTION_LINES_MAX, f"{function.name} has {lines} lines"
    if module.name not in DATA:
        assert len(module.text.splitlines()) <= MODULE_LINES_MAX


def test_only_one_module_commits() -> None:
    assert those_that_say(TRANSACTIONS) == {"db/transaction.py"}
    own_transactions = {
        module.name for module in ours() if "connection.transaction" in set(module.names())
    }
    assert own_transactions == set()


def test_row_locks_are_taken_in_one_place() -> None:
    assert those_that_say(ROW_LOCKS) == {"db/locks.py"}


def test_only_claims_go_by_postgresqls_own_time() -> None:
    """What a person may see goes by the sandbox's clock; a claim on a row runs out in any case."""
    found = those_that_say(REAL_TIME)
    migrations = {name for name in found if name.startswith("db/migrations/")}
    assert found - migrations == BY_REAL_TIME
    assert len(migrations) == 2  # the first tables; since then nothing has such a default


def test_sql_is_only_in_db() -> None:
    elsewhere = {name for name in those_that_say(STATEMENTS) if not name.startswith("db/")}
    assert elsewhere == set()


@pytest.mark.parametrize("module", modules("domain"), ids=lambda module: module.name)
def test_the_domain_is_pure(module: Module) -> None:
    assert not [name for name in module.names() if CLOCKS.search(name)]
    impure = {"asyncio", "os", "random", "secrets", "socket", "subprocess", "time", "uuid"}
    assert not impure & {name.partition(".")[0] for name in module.imports()}
    assert "async def" not in module.text


def test_an_operation_has_a_file_of_its_name() -> None:
    for operation in DECLARED:
        name = snake(operation.id)
        assert operation.handler.__module__.endswith(f".{operation.area}.{name}")
        assert operation.handler.__name__ == name


@pytest.mark.parametrize("module", modules("operations"), ids=lambda module: module.name)
def test_a_file_declares_one_operation_at_most(module: Module) -> None:
    assert list(module.decorators()).count("operation") <= 1


def test_every_operation_says_what_it_does() -> None:
    for operation in DECLARED:
        documentation = operation.handler.__doc__ or ""
        assert documentation.partition("\n")[0].endswith((".", "…")), operation.id


def test_names_of_wire_types_are_unique() -> None:
    """The document names its schemas after them."""
    names = [kind.__name__ for base in (Request, Query, Answer) for kind in _below(base)]
    assert sorted(names) == sorted(set(names))


def test_whole_numbers_of_requests_are_bounded() -> None:
    """A number that no column holds would be a fault instead of a refusal."""
    for base in (Request, Query):
        for kind in _below(base):
            shape = msgspec.inspect.type_info(kind)
            assert isinstance(shape, msgspec.inspect.StructType)
            for field in shape.fields:
                for number in _numbers(field.type):
                    bounded = number.le is not None or field.name in CUT_DOWN
                    assert bounded, f"{kind.__name__}.{field.name}"


def test_every_setting_is_documented() -> None:
    guide = (SOURCES.parents[1] / "docs" / "guides" / "configuration.md").read_text()
    for name in Settings.__struct_fields__:
        assert description(name), name
        assert f"`{variable_name(name)}`" in guide, name


def test_every_code_of_the_operators_api_is_documented() -> None:
    guide = (SOURCES.parents[1] / "docs" / "guides" / "warehouse.md").read_text()
    assert [code for code in OperatorCode if f"`{code}`" not in guide] == []


def _below(base: type) -> list[type]:
    found: list[type] = []
    for kind in base.__subclasses__():
        found += [kind, *_below(kind)]
    return found


def _numbers(shape: msgspec.inspect.Type) -> list[msgspec.inspect.IntType]:
    match shape:
        case msgspec.inspect.IntType():
            return [shape]
        case msgspec.inspect.Metadata(type=inner):
            return _numbers(inner)
        case msgspec.inspect.UnionType(types=kinds):
            return [number for kind in kinds for number in _numbers(kind)]
        case msgspec.inspect.ListType(item_type=inner):
            return _numbers(inner)
        case msgspec.inspect.VarTupleType(item_type=inner):
            return _numbers(inner)
        case _:
            return []

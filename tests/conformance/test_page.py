"""The page that tells what is built is current."""

from entrepot.operations.registry import OPERATIONS, load_operations
from tests.conformance.page import PAGE, page
from tests.support.contract import Contract


def test_the_page_is_current(contract: Contract) -> None:
    assert PAGE.read_text() == page(contract)


def test_every_operation_is_the_contracts(contract: Contract) -> None:
    load_operations()
    assert OPERATIONS.keys() <= contract.operations.keys()

"""Page tokens continue the question they were made for, and no other."""

from datetime import date
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.contract.errors import BAD_PAGE_TOKEN
from entrepot.contract.paging import TOKEN_CHARS_MAX, PageTokens

TOKENS = PageTokens(b"k" * 32)


class Place(msgspec.Struct, frozen=True):
    id: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    name: str


class Filters(msgspec.Struct, frozen=True):
    statuses: tuple[str, ...] | None = None
    since: date | None = None


@given(st.integers(0, 2**63 - 1), st.text(max_size=255))
def test_token_gives_its_cursor_back_under_the_same_question(place_id: int, name: str) -> None:
    cursor = Place(place_id, name)
    token = TOKENS.make(cursor, "getThings", 7, Filters(("A",)))
    assert len(token) <= TOKEN_CHARS_MAX
    assert TOKENS.read(token, Place, "getThings", 7, Filters(("A",))) == cursor


@pytest.mark.parametrize(
    "question",
    [
        ("getOthers", 7, Filters(("A",))),
        ("getThings", 8, Filters(("A",))),
        ("getThings", 7, Filters(("A", "B"))),
        ("getThings", 7, Filters(("A",), date(2026, 1, 1))),
        ("getThings", 7),
    ],
)
def test_token_is_refused_under_another_question(question: tuple[object, ...]) -> None:
    token = TOKENS.make(Place(1, "x"), "getThings", 7, Filters(("A",)))
    assert TOKENS.read(token, Place, *question) == BAD_PAGE_TOKEN()


@given(st.text(max_size=80))
def test_text_that_is_no_token_is_refused(text: str) -> None:
    assert TOKENS.read(text, Place, 1) == BAD_PAGE_TOKEN()


def test_token_with_a_changed_cursor_is_refused() -> None:
    token = TOKENS.make(Place(1, "x"), 1)
    for position in range(len(token)):
        changed = (
            token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        )
        answer = TOKENS.read(changed, Place, 1)
        # The last character may carry bits that decode to nothing.
        assert answer in (BAD_PAGE_TOKEN(), Place(1, "x"))
        assert position == len(token) - 1 or answer == BAD_PAGE_TOKEN()


def test_another_service_cannot_make_a_token() -> None:
    made = PageTokens(b"K" * 32).make(Place(1, "x"), 1)
    assert TOKENS.read(made, Place, 1) == BAD_PAGE_TOKEN()


def test_a_token_of_another_version_is_refused() -> None:
    """The mark is right, what it covers is not what is expected today."""
    assert TOKENS.read(TOKENS.make(Filters(("A",)), 1), Place, 1) == BAD_PAGE_TOKEN()


def test_token_of_any_length_is_refused_cheaply() -> None:
    assert TOKENS.read("A" * (TOKEN_CHARS_MAX + 1), Place, 1) == BAD_PAGE_TOKEN()

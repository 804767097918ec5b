"""The token of an operator key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.contract import errors
from entrepot.contract.errors import Template
from entrepot.domain.api_key import (
    ALPHABET,
    BODY_CHARS,
    RANDOM_CHARS,
    TOKEN_CHARS,
    make_operator_token,
    make_token,
    parse_operator_token,
    parse_token,
    token_hash,
)

BODY = "abcdefghijklmnopqrstuvwxyz01234567890123"
GOOD = make_operator_token(BODY)
BUSINESS = make_token(1001, BODY[:RANDOM_CHARS])


@given(st.text(ALPHABET, min_size=BODY_CHARS, max_size=BODY_CHARS))
def test_a_token_is_read_as_it_was_made(body: str) -> None:
    token = make_operator_token(body)
    assert len(token) == TOKEN_CHARS
    assert parse_operator_token(token) == token_hash(token)


@given(st.integers(0, TOKEN_CHARS - 1), st.sampled_from(ALPHABET))
def test_one_mistyped_character_is_noticed(position: int, typed: str) -> None:
    mistyped = GOOD[:position] + typed + GOOD[position + 1 :]
    assert mistyped == GOOD or isinstance(parse_operator_token(mistyped), Template)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", errors.KEY_MISSING),
        (BUSINESS, errors.KEY_PREFIX),
        (GOOD[:-1], errors.KEY_LENGTH),
        (GOOD.replace("abc", "a-c"), errors.KEY_FORMAT),
        (GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"), errors.KEY_INVALID),
    ],
)
def test_what_is_wrong_is_told(text: str, refusal: Template) -> None:
    assert parse_operator_token(text) is refusal


def test_the_two_kinds_are_not_taken_for_each_other() -> None:
    assert parse_token(GOOD) is errors.KEY_PREFIX
    assert parse_operator_token(BUSINESS) is errors.KEY_PREFIX

"""The token of an API key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.contract import errors
from entrepot.domain.api_key import (
    ALPHABET,
    RANDOM_CHARS,
    TOKEN_CHARS,
    Token,
    make_token,
    parse_token,
    token_hash,
)

RANDOM = "abcdefghijklmnopqrstuvwxyz012"
GOOD = make_token(1001, RANDOM)

business_ids = st.integers(1, 2**63 - 1)
random_texts = st.text(ALPHABET, min_size=RANDOM_CHARS, max_size=RANDOM_CHARS)


@given(business_ids, random_texts)
def test_a_token_names_its_business(business_id: int, random_text: str) -> None:
    token = make_token(business_id, random_text)
    assert len(token) == TOKEN_CHARS
    assert parse_token(token) == Token(business_id, token_hash(token))


@given(st.integers(0, TOKEN_CHARS - 1), st.sampled_from(ALPHABET))
def test_one_mistyped_character_is_noticed(position: int, typed: str) -> None:
    mistyped = GOOD[:position] + typed + GOOD[position + 1 :]
    assert mistyped == GOOD or not isinstance(parse_token(mistyped), Token)


@given(st.text())
def test_any_text_is_a_token_or_a_refusal(text: str) -> None:
    assert parse_token(text) in {
        errors.KEY_MISSING,
        errors.KEY_PREFIX,
        errors.KEY_LENGTH,
        errors.KEY_FORMAT,
        errors.KEY_INVALID,
    }


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", errors.KEY_MISSING),
        (f"Bearer {GOOD}", errors.KEY_PREFIX),
        ("ACMA" + GOOD[4:], errors.KEY_PREFIX),
        (GOOD[:-1], errors.KEY_LENGTH),
        (GOOD + "0", errors.KEY_LENGTH),
        (GOOD.replace("abc", "a-c"), errors.KEY_FORMAT),
        (GOOD.replace("abc", "aёc"), errors.KEY_FORMAT),
        (GOOD[:45] + ";" + GOOD[46:], errors.KEY_FORMAT),
        ("ENTR:" + "z" * 40 + GOOD[45:], errors.KEY_FORMAT),
        (GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"), errors.KEY_INVALID),
        (GOOD[:-8] + GOOD[-8:].upper() + "", errors.KEY_INVALID),
    ],
)
def test_a_malformed_token_is_told_what_is_wrong(text: str, refusal: errors.Template) -> None:
    assert parse_token(text) is refusal

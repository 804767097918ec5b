"""What corrections come to: all of them or none, never below what is held."""

from hypothesis import given
from hypothesis import strategies as st

from entrepot.domain.stock import StockKey
from entrepot.domain.stock_corrections import (
    AboveMost,
    Balance,
    BelowHeld,
    BelowZero,
    ChangeBy,
    Correction,
    Movement,
    Pile,
    SetTo,
    correct,
)

KEY = StockKey(1, 2, "SKU")
MOST = 100


def test_movements_are_what_changed() -> None:
    decided = correct(
        {KEY: Balance(held=2, piles={Pile.FIT: 5, Pile.DEFECT: 1})},
        [
            Correction(KEY, Pile.FIT, ChangeBy(-3)),
            Correction(KEY, Pile.DEFECT, SetTo(1)),
            Correction(KEY, Pile.EXPIRED, SetTo(4)),
        ],
        MOST,
    )
    assert decided.objections == ()
    assert decided.movements == (
        Movement(KEY, Pile.FIT, -3, 2),
        Movement(KEY, Pile.EXPIRED, 4, 4),
    )


def test_what_is_held_stays() -> None:
    decided = correct(
        {KEY: Balance(held=2, piles={Pile.FIT: 5})}, [Correction(KEY, Pile.FIT, SetTo(1))], MOST
    )
    assert decided.objections == (BelowHeld(KEY, asked=1, held=2),)


def test_only_the_end_counts_against_what_is_held() -> None:
    decided = correct(
        {KEY: Balance(held=4, piles={Pile.FIT: 5})},
        [Correction(KEY, Pile.FIT, ChangeBy(-5)), Correction(KEY, Pile.FIT, ChangeBy(4))],
        MOST,
    )
    assert decided.objections == ()
    assert decided.movements == (Movement(KEY, Pile.FIT, -1, 4),)


def test_a_row_that_does_not_exist_is_empty() -> None:
    assert correct({}, [Correction(KEY, Pile.FIT, SetTo(7))], MOST).movements == (
        Movement(KEY, Pile.FIT, 7, 7),
    )
    assert correct({}, [Correction(KEY, Pile.FIT, SetTo(0))], MOST).movements == ()
    assert correct({}, [Correction(KEY, Pile.DEFECT, ChangeBy(-1))], MOST).objections == (
        BelowZero(KEY, Pile.DEFECT, present=0, asked=-1),
    )


def test_a_pile_has_an_upper_bound() -> None:
    decided = correct({}, [Correction(KEY, Pile.FIT, ChangeBy(MOST + 1))], MOST)
    assert decided.objections == (AboveMost(KEY, Pile.FIT, MOST + 1),)


keys = st.builds(StockKey, st.just(1), st.integers(1, 2), st.sampled_from("ab"))
changes = st.builds(SetTo, st.integers(0, 12)) | st.builds(ChangeBy, st.integers(-12, 12))
corrections = st.lists(st.builds(Correction, keys, st.sampled_from(Pile), changes), max_size=12)
balances = st.dictionaries(
    keys,
    st.builds(
        Balance,
        held=st.integers(0, 4),
        piles=st.fixed_dictionaries({Pile.FIT: st.integers(4, 9), Pile.DEFECT: st.integers(0, 3)}),
    ),
)


@given(before=balances, asked=corrections)
def test_what_is_carried_out_is_possible_and_adds_up(
    before: dict[StockKey, Balance], asked: list[Correction]
) -> None:
    decided = correct(before, asked, 10)
    if decided.objections:
        return
    after = {
        (key, pile): pieces for key, row in before.items() for pile, pieces in row.piles.items()
    }
    for key, pile, delta, pieces in decided.movements:
        assert delta
        after[key, pile] = after.get((key, pile), 0) + delta
        assert after[key, pile] == pieces
    for (key, pile), pieces in after.items():
        held = before[key].held if key in before and pile is Pile.FIT else 0
        assert held <= pieces
        assert pieces <= 10 or (key, pile) not in {each[:2] for each in decided.movements}
    last_set = {(each.key, each.pile): each.change for each in asked}
    for place, change in last_set.items():
        if isinstance(change, SetTo):
            assert after.get(place, 0) == change.pieces

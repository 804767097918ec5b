"""How many addresses are understood: a corpus written by hand, and one made by rules.

    python -m pytest tests/domain/test_address_corpus.py -rP

prints the rates that `docs/network.md` tells. Whatever else an address may come to, it never
comes to another place than it means.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest

from entrepot.domain.address import Resolved, Unresolved, resolve_address
from entrepot.domain.address_known import ELSEWHERE_TOWNS
from entrepot.domain.network import Network

from .addresses.rules import (
    Written,
    elsewhere,
    in_latin,
    mistyped,
    named_alone,
    namesakes,
    told_apart,
)
from .addresses.world import labelled, large_network

_FOLDER = Path(__file__).parent / "addresses"
_NOWHERE = "?"
_SEED = 20_260_601
RIGHT_MIN = 0.99
# A slip in a short word, of three letters and fewer, is asked about: Сосновый Бро.
SLIPS_RIGHT_MIN = 0.98
# With nothing beside a mistyped name, what it is near to may not be all that it can mean.
SLIPS_ALONE_RIGHT_MIN = 0.80


@pytest.fixture(scope="module")
def network() -> Network:
    return large_network()


class Tally(msgspec.Struct):
    """How often an answer was right; what was wrongly left open, and what went elsewhere."""

    asked: int = 0
    right: int = 0
    left_open: list[str] = []
    elsewhere: list[str] = []

    def add(self, network: Network, text: str, expected: int | None) -> None:
        answer = resolve_address(network, text)
        found = answer.region_id if isinstance(answer, Resolved) else None
        self.asked += 1
        self.right += found == expected
        if found is not None and found != expected:
            self.elsewhere.append(f"{text}: {network.regions.by_id[found].name}")
        elif found != expected:
            self.left_open.append(text)

    @property
    def rate(self) -> float:
        return self.right / self.asked

    def tell(self, name: str) -> None:
        wrong = len(self.elsewhere)
        report = [f"{name}: {self.asked:,} addresses, {self.rate:.2%} right, {wrong} elsewhere"]
        report += [f"    left open: {text}" for text in self.left_open]
        sys.stdout.write("\n".join(report) + "\n")


def by_hand(file: str) -> Iterator[tuple[str, str]]:
    for line in (_FOLDER / file).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            text, _, label = line.rpartition(" => ")
            yield text, label


def tally_by_hand(network: Network, file: str) -> Tally:
    tally = Tally()
    for text, label in by_hand(file):
        expected = None if label == _NOWHERE else labelled(network, label).id
        tally.add(network, text, expected)
    return tally


def tally_of(network: Network, written: Iterable[Written]) -> Tally:
    tally = Tally()
    for each in written:
        tally.add(network, each.text, each.region_id)
    return tally


@pytest.mark.parametrize(
    ("file", "at_least"), [("by_hand.txt", 300), ("held_out.txt", 100), ("unseen.txt", 60)]
)
def test_addresses_written_by_hand(network: Network, file: str, at_least: int) -> None:
    tally = tally_by_hand(network, file)
    tally.tell(file)
    assert tally.asked >= at_least
    assert not tally.elsewhere
    assert tally.rate >= RIGHT_MIN, tally.left_open


def test_addresses_made_by_rules(network: Network) -> None:
    made = [*told_apart(network), *named_alone(network), *in_latin(network)]
    tally = tally_of(network, made)
    tally.tell("by rules")
    assert tally.asked > 5_000
    assert not tally.elsewhere
    assert tally.rate >= RIGHT_MIN, tally.left_open[:50]


def test_no_rule_is_understood_much_worse_than_the_others(network: Network) -> None:
    asked: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for each in (*told_apart(network), *named_alone(network), *in_latin(network)):
        asked[each.rule] += 1
        right[each.rule] += resolve_address(network, each.text) == Resolved(each.region_id)
    assert {rule for rule in asked if right[rule] < 0.97 * asked[rule]} == set()


def test_slips_are_mended_or_asked_about(network: Network) -> None:
    made = list(mistyped(network, _SEED))
    told = [each for each in made if not each.rule.endswith("alone")]
    alone = [each for each in made if each.rule.endswith("alone")]
    with_parents, without = tally_of(network, told), tally_of(network, alone)
    with_parents.tell("a slip, with what lies above")
    without.tell("a slip, alone")
    assert with_parents.asked > 1_000
    assert not with_parents.elsewhere
    assert not without.elsewhere
    assert with_parents.rate >= SLIPS_RIGHT_MIN, with_parents.left_open[:50]
    assert without.rate >= SLIPS_ALONE_RIGHT_MIN


def test_a_place_elsewhere_is_never_taken_for_one_that_is_known(network: Network) -> None:
    tree = network.regions
    lines = (_FOLDER / "elsewhere.txt").read_text("utf-8").splitlines()[1:]
    villages = [name for line in lines for name in line.split("|")]
    towns = [name.title() for name in ELSEWHERE_TOWNS if not tree.named(name)]
    assert (len(villages), len(towns)) > (150, 700)
    assert not any(tree.named(name) for name in villages)
    tally = Tally()
    for text in elsewhere(network, villages, towns):
        tally.add(network, text, None)
    tally.tell("elsewhere")
    assert tally.elsewhere == []


def test_namesakes_are_never_chosen_between(network: Network) -> None:
    texts = list(namesakes(network))
    assert len(texts) > 20
    assert {
        text for text in texts if not isinstance(resolve_address(network, text), Unresolved)
    } == set()

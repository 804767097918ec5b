"""Deciding as if there were plenty of everything, and whether it holds when there is less.

Where all that was taken together is there, no command would have been refused: each found no
less than what was left for the last one.
"""

from collections.abc import Iterable, Mapping

from entrepot.domain.delivery.offering import slot_room
from entrepot.domain.delivery.slot import SlotKey
from entrepot.domain.network import Network
from entrepot.domain.placement import Decision
from entrepot.domain.stock import StockKey, StockRow

_PLENTY = StockRow(fit=2**62, held=0)
_NONE = StockRow(fit=0, held=0)


def plenty_of(keys: Iterable[StockKey]) -> dict[StockKey, StockRow]:
    """Give more of everything than anybody can ask for."""
    return dict.fromkeys(keys, _PLENTY)


def holds(
    decision: Decision,
    stock: Mapping[StockKey, StockRow],
    slots_held: Mapping[SlotKey, int],
    network: Network,
) -> bool:
    """Tell whether a decision made on plenty, and on empty slots, is the one for these rows.

    It must have refused nobody for what is short, and have no fakes: they take nothing.
    """
    return all(
        stock.get(key, _NONE).available >= count for key, count in decision.stock_taken.items()
    ) and all(
        slots_held.get(key, 0) + count <= slot_room(network, key)
        for key, count in decision.slots_taken.items()
    )

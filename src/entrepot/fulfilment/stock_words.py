"""Why stock cannot be corrected, in words for a person."""

from collections.abc import Iterator, Sequence

from entrepot import limits
from entrepot.db.stock_corrections import Holder
from entrepot.domain.stock_corrections import BelowHeld, BelowZero, Objection
from entrepot.fulfilment.correct_stock import CorrectionRefused


def objection_words(refused: CorrectionRefused) -> Iterator[str]:
    """Say what stands against a correction, a sentence for each objection, in their order."""
    for objection in refused.objections:
        holders = [holder for holder in refused.holders if holder.key == objection.key]
        yield _words(objection, holders)


def _words(objection: Objection, holders: Sequence[Holder]) -> str:
    key = objection.key
    place = f"Offer {key.offer_id} in warehouse {key.warehouse_id}"
    if isinstance(objection, BelowHeld):
        held_by = f": {_named(objection.held, holders)}" if holders else ""
        return f"{place}: {objection.asked} would be fewer than the {objection.held} held{held_by}."
    if isinstance(objection, BelowZero):
        return f"{place}: only {objection.present} lie on {objection.pile}."
    most = limits.STOCK_PIECES_MAX
    return f"{place}: {objection.asked} on {objection.pile} would be more than {most}."


def _named(held: int, holders: Sequence[Holder]) -> str:
    named = ", ".join(
        f"order {each.order_id} ({each.external_order_id}) holds {each.pieces}" for each in holders
    )
    more = held - sum(each.pieces for each in holders)
    return f"{named}, others hold {more}" if more > 0 else named

"""Weights and sides of offers as one process remembers them.

Every change of a business's offers raises its `catalogue_version` in the same transaction, and
a batch reads that version after its locks, or before them and again: what is remembered is used
only under the version it was read with, so it is never older than the batch's own reading would be.
"""

from collections.abc import Collection, Mapping

import msgspec

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.db.placements import OfferKey, read_goods
from entrepot.domain.delivery.goods import Goods


class _Catalogue(msgspec.Struct, frozen=True):
    version: int
    goods: dict[str, Goods]


class GoodsCache:
    """One process's memory of offers; bounded, a business is forgotten as a whole."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._catalogues: dict[int, _Catalogue] = {}
        self._remembered = 0

    async def read(
        self, connection: Connection, keys: Collection[OfferKey], versions: Mapping[int, int]
    ) -> dict[OfferKey, Goods]:
        """Give what these offers weigh and measure; offers that do not exist are missing.

        `versions` are the businesses' catalogue versions, read in the same transaction.
        """
        catalogues = {
            business_id: self._catalogue(business_id, version)
            for business_id, version in versions.items()
        }
        found: dict[OfferKey, Goods] = {}
        unknown: list[OfferKey] = []
        for key in keys:
            catalogue = catalogues.get(key[0])
            goods = None if catalogue is None else catalogue.goods.get(key[1])
            if goods is None:
                unknown.append(key)
            else:
                found[key] = goods
        if unknown:
            fresh = await read_goods(connection, unknown)
            found |= fresh
            self._remember(fresh, catalogues)
        return found

    def _catalogue(self, business_id: int, version: int) -> _Catalogue:
        known = self._catalogues.get(business_id)
        if known is None or known.version != version:
            self._forget(business_id)
            known = self._catalogues[business_id] = _Catalogue(version, {})
        return known

    def _remember(
        self, fresh: Mapping[OfferKey, Goods], catalogues: Mapping[int, _Catalogue]
    ) -> None:
        # Both lanes of placing may have asked for the same meanwhile, or for another version.
        for (business_id, offer_id), goods in fresh.items():
            catalogue = catalogues.get(business_id)
            if catalogue is None or self._catalogues.get(business_id) is not catalogue:
                continue
            if offer_id not in catalogue.goods:
                catalogue.goods[offer_id] = goods
                self._remembered += 1
        while self._remembered > limits.GOODS_REMEMBERED_MAX:
            self._forget(next(iter(self._catalogues)))

    def _forget(self, business_id: int) -> None:
        dropped = self._catalogues.pop(business_id, None)
        if dropped is not None:
            self._remembered -= len(dropped.goods)

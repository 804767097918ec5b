"""Placing an order: check, lock, read, write, commit."""

import hashlib
import secrets
from datetime import UTC, date, datetime, timedelta

from fastapi import HTTPException, status
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from .models import (
    ApiKey,
    Campaign,
    Lane,
    LogisticPoint,
    Offer,
    Order,
    OrderEvent,
    OrderItem,
    Placement,
    Slot,
    Stock,
)
from .schemas import Item, NewOrder, Parcel

DAYS_AHEAD = 14


def refused(message: str) -> HTTPException:
    """An order that cannot be placed."""
    return HTTPException(status.HTTP_400_BAD_REQUEST, message)


async def place_order(
    session: AsyncSession, key: ApiKey, campaign: Campaign, wanted: NewOrder
) -> Order:
    """Place an order for the owner of a key and commit it."""
    (parcel,) = wanted.items_delivery
    point = await session.get(LogisticPoint, wanted.destination.pickup_delivery.logistic_point_id)
    if point is None:
        raise refused("Unknown logistic point")
    offers = await _read_offers(session, campaign.business_id, parcel.items, point)
    lane = await session.get(Lane, (parcel.warehouse_id, point.region_id))
    day = parcel.delivery_date_interval.from_date
    if lane is None or not _is_offered(point, lane, day):
        raise refused("Delivery interval is not valid")
    await _hold_stock(session, campaign.business_id, parcel)
    await _hold_slot(session, point, day)
    delivery_price_kopecks = _delivery_price(lane, parcel, offers)
    order = _new_order(key, campaign, wanted, parcel, point, delivery_price_kopecks)
    session.add(order)
    await session.flush()
    session.add_all(_rows_of(order, parcel))
    try:
        await session.commit()
    except IntegrityError as error:
        if "placement_pkey" not in str(error.orig):
            raise
        raise refused("Order already exists") from error
    return order


async def _read_offers(
    session: AsyncSession, business_id: int, items: list[Item], point: LogisticPoint
) -> dict[str, Offer]:
    found = await session.scalars(
        select(Offer).where(
            Offer.business_id == business_id,
            Offer.offer_id.in_([item.offer_id for item in items]),
        )
    )
    offers = {offer.offer_id: offer for offer in found}
    unknown = [item.offer_id for item in items if item.offer_id not in offers]
    if unknown:
        raise refused(f"Unknown offers: {', '.join(unknown)}")
    if not all(_fits(offer, point) for offer in offers.values()):
        raise refused("Goods are too large for the logistic point")
    return offers


def _fits(offer: Offer, point: LogisticPoint) -> bool:
    sides = sorted((offer.length_mm, offer.width_mm, offer.height_mm))
    limits = sorted((point.limit_length_mm, point.limit_width_mm, point.limit_height_mm))
    return offer.weight_g <= point.limit_weight_g and all(
        side <= limit for side, limit in zip(sides, limits, strict=True)
    )


def _is_offered(point: LogisticPoint, lane: Lane, day: date) -> bool:
    today = datetime.now(UTC).date()
    first = today + timedelta(days=lane.transit_days_max)
    last = today + timedelta(days=DAYS_AHEAD)
    return first <= day <= last and point.opens[day.weekday()] is not None


def _delivery_price(lane: Lane, parcel: Parcel, offers: dict[str, Offer]) -> int:
    weight_g = sum(offers[item.offer_id].weight_g * item.count for item in parcel.items)
    return lane.base_kopecks + -(-weight_g // 1000) * lane.per_kg_kopecks


async def _hold_stock(session: AsyncSession, business_id: int, parcel: Parcel) -> None:
    wanted = {item.offer_id: item.count for item in parcel.items}
    rows = await session.scalars(
        select(Stock)
        .where(
            Stock.business_id == business_id,
            Stock.warehouse_id == parcel.warehouse_id,
            Stock.offer_id.in_(wanted),
        )
        .order_by(Stock.offer_id)
        .with_for_update(key_share=True)
    )
    stock = {row.offer_id: row for row in rows}
    for offer_id, count in wanted.items():
        row = stock.get(offer_id)
        if row is None or row.fit - row.held < count:
            raise refused(f"Not enough stock of {offer_id}")
        row.held += count


async def _hold_slot(session: AsyncSession, point: LogisticPoint, day: date) -> None:
    key = {"place_kind": "P", "place_id": point.id, "day": day, "from_minute": 0, "to_minute": 1440}
    lock = select(Slot).filter_by(**key).with_for_update(key_share=True)
    slot = await session.scalar(lock)
    if slot is None:
        await session.execute(insert(Slot).values(**key, held=0).on_conflict_do_nothing())
        slot = (await session.scalars(lock)).one()
    if slot.held >= point.daily_capacity:
        raise refused("Delivery interval is not valid")
    slot.held += 1


def _new_order(
    key: ApiKey,
    campaign: Campaign,
    wanted: NewOrder,
    parcel: Parcel,
    point: LogisticPoint,
    delivery_price_kopecks: int,
) -> Order:
    now = datetime.now(UTC)
    return Order(
        business_id=campaign.business_id,
        campaign_id=campaign.id,
        external_order_id=wanted.external_order_id,
        status="PROCESSING",
        substatus="STARTED",
        fake=False,
        warehouse_id=parcel.warehouse_id,
        place_kind="P",
        place_id=point.id,
        slot_day=parcel.delivery_date_interval.from_date,
        slot_from_minute=0,
        slot_to_minute=1440,
        slot_hold="HELD",
        region_id=point.region_id,
        shipment_day=now.date(),
        items_total_kopecks=sum(item.price.kopecks * item.count for item in parcel.items),
        delivery_price_kopecks=delivery_price_kopecks,
        package_type=wanted.packaging.package_type,
        receive_code=f"{secrets.randbelow(1_000_000):06}",
        event_seq=1,
        created_at=now,
        updated_at=now,
        first_name=wanted.customer.first_name,
        last_name=wanted.customer.last_name,
        middle_name=wanted.customer.middle_name,
        phone=wanted.customer.phone,
        placed_by=key.name,
    )


def _rows_of(order: Order, parcel: Parcel) -> list[Placement | OrderItem | OrderEvent]:
    placement = Placement(
        business_id=order.business_id,
        external_id_hash=hashlib.sha256(order.external_order_id.encode()).digest(),
        order_ids=[order.id],
        placed_at=order.created_at,
    )
    event = OrderEvent(
        business_id=order.business_id,
        order_id=order.id,
        seq=1,
        kind="CREATED",
        status=order.status,
        substatus=order.substatus,
        actor="SHOP",
        actor_name=order.placed_by,
        happened_at=order.created_at,
    )
    items = [
        OrderItem(
            business_id=order.business_id,
            order_id=order.id,
            position=position,
            warehouse_id=parcel.warehouse_id,
            offer_id=item.offer_id,
            count=item.count,
            price_kopecks=item.price.kopecks,
            hold="HELD",
        )
        for position, item in enumerate(parcel.items, start=1)
    ]
    return [placement, *items, event]

"""The tables, as far as placing an order needs them."""

from datetime import date, datetime

from sqlalchemy import ARRAY, BigInteger, DateTime, LargeBinary, Sequence, SmallInteger, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

order_ids = Sequence("order_id_block")
BASELINE = {"schema": "baseline"}
"""Tables of this service alone, see `place/baseline_network.sql`."""


class Base(DeclarativeBase):
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        int: BigInteger,
        str: Text,
        datetime: DateTime(timezone=True),
        bytes: LargeBinary,
        list[int]: ARRAY(BigInteger),
        list[str]: ARRAY(Text),
    }


class ApiKey(Base):
    __tablename__ = "api_key"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    scopes: Mapped[list[str]]
    token_hash: Mapped[bytes]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Campaign(Base):
    __tablename__ = "campaign"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True)
    placement_type: Mapped[str]
    api_availability: Mapped[str]


class Offer(Base):
    __tablename__ = "offer"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[str] = mapped_column(primary_key=True)
    weight_g: Mapped[int]
    length_mm: Mapped[int]
    width_mm: Mapped[int]
    height_mm: Mapped[int]


class LogisticPoint(Base):
    __tablename__ = "logistic_point"
    __table_args__ = BASELINE

    id: Mapped[int] = mapped_column(primary_key=True)
    region_id: Mapped[int]
    opens: Mapped[list[int]]
    daily_capacity: Mapped[int]
    limit_weight_g: Mapped[int]
    limit_length_mm: Mapped[int]
    limit_width_mm: Mapped[int]
    limit_height_mm: Mapped[int]


class Lane(Base):
    __tablename__ = "lane"
    __table_args__ = BASELINE

    warehouse_id: Mapped[int] = mapped_column(primary_key=True)
    region_id: Mapped[int] = mapped_column(primary_key=True)
    transit_days_max: Mapped[int]
    base_kopecks: Mapped[int]
    per_kg_kopecks: Mapped[int]


class Stock(Base):
    __tablename__ = "stock"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    warehouse_id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[str] = mapped_column(primary_key=True)
    fit: Mapped[int]
    held: Mapped[int]


class Slot(Base):
    __tablename__ = "slot"

    place_kind: Mapped[str] = mapped_column(primary_key=True)
    place_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    from_minute: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    to_minute: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    held: Mapped[int]


class Placement(Base):
    __tablename__ = "placement"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    external_id_hash: Mapped[bytes] = mapped_column(primary_key=True)
    order_ids: Mapped[list[int]]
    placed_at: Mapped[datetime]


class Order(Base):
    __tablename__ = "orders"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(order_ids, primary_key=True)
    campaign_id: Mapped[int]
    external_order_id: Mapped[str]
    status: Mapped[str]
    substatus: Mapped[str]
    fake: Mapped[bool]
    warehouse_id: Mapped[int]
    place_kind: Mapped[str]
    place_id: Mapped[int]
    slot_day: Mapped[date]
    slot_from_minute: Mapped[int] = mapped_column(SmallInteger)
    slot_to_minute: Mapped[int] = mapped_column(SmallInteger)
    slot_hold: Mapped[str]
    region_id: Mapped[int]
    shipment_day: Mapped[date]
    items_total_kopecks: Mapped[int]
    delivery_price_kopecks: Mapped[int]
    package_type: Mapped[str | None]
    receive_code: Mapped[str | None]
    event_seq: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    first_name: Mapped[str]
    last_name: Mapped[str]
    middle_name: Mapped[str | None]
    phone: Mapped[str]
    placed_by: Mapped[str | None]


class OrderItem(Base):
    __tablename__ = "order_item"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    warehouse_id: Mapped[int]
    offer_id: Mapped[str]
    count: Mapped[int]
    price_kopecks: Mapped[int]
    hold: Mapped[str]


class OrderEvent(Base):
    __tablename__ = "order_event"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    status: Mapped[str]
    substatus: Mapped[str]
    actor: Mapped[str]
    actor_name: Mapped[str | None]
    happened_at: Mapped[datetime]

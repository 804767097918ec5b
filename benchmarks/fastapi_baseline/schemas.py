"""What comes in and goes out."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel


class Schema(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class Price(Schema):
    value: Annotated[Decimal, Field(gt=0, decimal_places=2)]
    currency_id: Literal["RUR"]

    @property
    def kopecks(self) -> int:
        """The price as whole kopecks."""
        return int(self.value * 100)


class Item(Schema):
    offer_id: Annotated[str, Field(min_length=1, max_length=255)]
    count: Annotated[int, Field(ge=1, le=1000)]
    price: Price


class DateInterval(Schema):
    from_date: date
    to_date: date


class Parcel(Schema):
    warehouse_id: Annotated[int, Field(ge=1)]
    items: Annotated[list[Item], Field(min_length=1, max_length=1000)]
    delivery_date_interval: DateInterval

    @model_validator(mode="after")
    def check(self) -> "Parcel":
        """An offer once for each warehouse; delivery on a single day."""
        if len({item.offer_id for item in self.items}) != len(self.items):
            raise ValueError("an offer stands twice")
        if self.delivery_date_interval.from_date != self.delivery_date_interval.to_date:
            raise ValueError("delivery must be on a single day")
        return self


class Pickup(Schema):
    logistic_point_id: Annotated[int, Field(ge=1)]


class Destination(Schema):
    pickup_delivery: Pickup


class Customer(Schema):
    first_name: Annotated[str, Field(min_length=1, max_length=512)]
    last_name: Annotated[str, Field(min_length=1, max_length=512)]
    middle_name: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    phone: Annotated[str, Field(min_length=5, max_length=16, pattern=r"^\+[0-9]+$")]


class Packaging(Schema):
    package_type: Literal["WHITELABEL", "BRAND"] | None = None


class NewOrder(Schema):
    external_order_id: Annotated[str, Field(min_length=1)]
    items_delivery: Annotated[list[Parcel], Field(min_length=1, max_length=1)]
    destination: Destination
    customer: Customer
    packaging: Packaging
    payment_type: Literal["PREPAID"]


class CreateOrderRequest(Schema):
    order: NewOrder


class CreatedOrder(Schema):
    id: int


class CreatedOrders(Schema):
    orders: list[CreatedOrder]


class CreateOrderResponse(Schema):
    status: Literal["OK"] = "OK"
    result: CreatedOrders

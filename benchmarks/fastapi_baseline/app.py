"""The application: `uvicorn fastapi_baseline.app:app`."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Security, status
from fastapi.security import APIKeyHeader
from sqlalchemy import select

from .database import Session, engine
from .models import ApiKey, Campaign
from .placing import place_order
from .schemas import CreatedOrder, CreatedOrders, CreateOrderRequest, CreateOrderResponse

WRITE_SCOPES = {"all-methods", "inventory-and-order-processing"}


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Close the pool at the end."""
    yield
    await engine.dispose()


app = FastAPI(title="createOrder, the usual way", lifespan=lifespan)


async def authenticate(
    session: Session, token: Annotated[str, Security(APIKeyHeader(name="Api-Key"))]
) -> ApiKey:
    """Find the caller's key, which must be allowed to write orders."""
    token_hash = hashlib.sha256(token.encode()).digest()
    key = await session.scalar(select(ApiKey).where(ApiKey.token_hash == token_hash))
    if key is None or key.revoked_at is not None:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Unknown API key")
    if key.expires_at is not None and key.expires_at <= datetime.now(UTC):
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "API key has expired")
    if WRITE_SCOPES.isdisjoint(key.scopes):
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Scope is missing")
    return key


async def get_campaign(
    campaign_id: int, session: Session, key: Annotated[ApiKey, Depends(authenticate)]
) -> Campaign:
    """Find the campaign in the path, which must be the caller's."""
    campaign = await session.get(Campaign, (key.business_id, campaign_id))
    if campaign is None or campaign.api_availability != "AVAILABLE":
        raise HTTPException(status.HTTP_403_FORBIDDEN, "No access to campaign")
    return campaign


@app.post("/v1/campaigns/{campaign_id}/orders/create")
async def create_order(
    body: CreateOrderRequest,
    session: Session,
    key: Annotated[ApiKey, Depends(authenticate)],
    campaign: Annotated[Campaign, Depends(get_campaign)],
) -> CreateOrderResponse:
    """Place an order."""
    order = await place_order(session, key, campaign, body.order)
    return CreateOrderResponse(result=CreatedOrders(orders=[CreatedOrder(id=order.id)]))

"""A batch of a lane: sent, judged, and what is to be written of it; the PING of a receiver."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from time import perf_counter

import msgspec

from entrepot import limits
from entrepot.contract.notifications import NotificationKind, Ping
from entrepot.db import deliveries, subscriptions
from entrepot.db.connection import Connection
from entrepot.db.deliveries import Attempt, Batch, DeliveryKey, Postponed, Written
from entrepot.db.subscriptions import Subscription
from entrepot.db.transaction import Database
from entrepot.domain.notification_answers import Judged, Verdict
from entrepot.domain.notifications import (
    ATTEMPTS_END_AFTER,
    OffReason,
    Owed,
    content,
    next_attempt,
)
from entrepot.outbound.client import Outbound, Request
from entrepot.outbound.signing import signature_headers

_GIVEN_UP = "GIVEN_UP"
_encode = msgspec.json.Encoder().encode


class DeliveryBatch:
    """What is due in a lane, on its way."""

    def __init__(self, outbound: Outbound, subscription: Subscription, batch: Batch) -> None:
        """Send a batch to a subscription's receiver."""
        self._outbound = outbound
        self._subscription = subscription
        self._batch = batch
        self._ended: list[DeliveryKey] = []
        self._postponed: list[Postponed] = list(batch.blocked)
        self._log: list[Attempt] = []
        self._verdicts: set[Verdict] = set()
        self._gave_up = False

    @property
    def attempted(self) -> int:
        """How many attempts were made."""
        return len(self._log)

    async def send(self, lanes: int, closing: Callable[[], bool], until: float) -> None:
        """Send, some orders at a time, each order's notifications one after the other.

        As many as so many lanes may have under way. None is begun after `until` (the event
        loop's time): it stays due.
        """
        chains = iter(self._batch.chains)
        now = asyncio.get_running_loop().time

        async def work(left: Iterator[tuple[Owed, ...]]) -> None:
            for chain in left:
                for owed in chain:
                    if closing() or now() > until:
                        return
                    if await self._attempt(owed) is Verdict.FAILED:
                        break

        at_once = min(limits.DELIVERIES_AT_ONCE_PER_LANE_MAX * lanes, len(self._batch.chains))
        await asyncio.gather(*(work(chains) for _ in range(at_once)))

    async def write(self, connection: Connection) -> None:
        """Write what became of it; a receiver that was away for too long is switched off."""
        answered = bool(self._verdicts & {Verdict.ACCEPTED, Verdict.REJECTED})
        failed = Verdict.FAILED in self._verdicts and not answered
        moment = self._batch.moment
        subscription = self._subscription
        key = (subscription.business_id, subscription.id)
        await deliveries.write_results(
            connection,
            *key,
            Written(
                self._ended,
                self._postponed,
                self._log,
                available=answered,
                failed_at=moment if failed else None,
            ),
        )
        if self._gave_up and failed and self._away_too_long(moment):
            await subscriptions.switch_off(connection, *key, OffReason.UNAVAILABLE, moment)

    def _away_too_long(self, moment: datetime) -> bool:
        since = self._subscription.unavailable_since
        return since is not None and since <= moment - ATTEMPTS_END_AFTER

    async def _attempt(self, owed: Owed) -> Verdict:
        body = _encode(content(owed))
        message_id = f"{self._subscription.id}-{owed.order_id}-{owed.seq}-{owed.part}"
        headers = _headers(self._subscription, message_id, self._batch.real_moment, body)
        started = perf_counter()
        judged = await self._outbound.post(
            Request(self._subscription.url, body, headers, limits.NOTIFICATION_S_MAX)
        )
        self._record(owed, judged, int((perf_counter() - started) * 1000))
        return judged.verdict

    def _record(self, owed: Owed, judged: Judged, took_ms: int) -> None:
        moment = self._batch.moment
        first_attempt_at = owed.first_attempt_at or moment
        outcome: str = judged.verdict
        next_at = None
        if judged.verdict is Verdict.FAILED:
            next_at = next_attempt(first_attempt_at, moment)
            if next_at is None:
                outcome = _GIVEN_UP
                self._gave_up = True
        if next_at is None:
            self._ended.append((owed.order_id, owed.seq, owed.part))
        else:
            self._postponed.append(
                Postponed(
                    owed.order_id,
                    owed.seq,
                    owed.part,
                    next_at,
                    owed.attempts + 1,
                    first_attempt_at,
                )
            )
        self._verdicts.add(judged.verdict)
        self._log.append(
            Attempt(
                attempted_at=moment,
                order_id=owed.order_id,
                seq=owed.seq,
                part=owed.part,
                kind=owed.kind,
                number=owed.attempts + 1,
                outcome=outcome,
                http_status=judged.http_status,
                reason=judged.reason,
                detail=judged.detail,
                took_ms=took_ms,
                next_at=next_at,
            )
        )


async def send_ping(database: Database, outbound: Outbound, key: tuple[int, int]) -> None:
    """Ask a receiver whether it is there; its subscription is on when it says so properly."""
    read = await database.read(lambda one: subscriptions.read_to_ping(one, *key))
    if read is None:
        return
    subscription, moment, real_moment = read
    body = _encode(Ping(time=moment))
    message_id = f"{subscription.id}-ping-{real_moment.timestamp():.0f}"
    headers = _headers(subscription, message_id, real_moment, body)
    started = perf_counter()
    judged = await outbound.post(Request(subscription.url, body, headers, limits.PING_S_MAX))
    attempt = Attempt(
        attempted_at=moment,
        kind=NotificationKind.PING,
        number=1,
        outcome=judged.verdict,
        http_status=judged.http_status,
        reason=judged.reason,
        detail=judged.detail,
        took_ms=int((perf_counter() - started) * 1000),
    )

    async def write(connection: Connection) -> None:
        if judged.verdict is Verdict.ACCEPTED:
            await subscriptions.switch_on(connection, *key, moment)
        else:
            await subscriptions.switch_off(connection, *key, OffReason.PING_FAILED, moment)
        await deliveries.insert_log(connection, *key, [attempt])

    await database.transaction(write)


def _headers(
    subscription: Subscription, message_id: str, moment: datetime, body: bytes
) -> dict[str, str]:
    """Give a request's headers; signed where there is a secret."""
    headers = {"Content-Type": "application/json"}
    if subscription.secret is not None:
        headers |= signature_headers(subscription.secret, message_id, moment, body)
    return headers

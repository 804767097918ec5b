"""What the guide to notifications says is so."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from entrepot.contract.notifications import OrderStatusUpdated
from entrepot.domain.notification_answers import Reason
from entrepot.domain.notifications import WORTH, SubscriptionState
from entrepot.outbound.signing import new_secret, signature_headers
from tests.architecture.sources import SOURCES

GUIDE = (SOURCES.parents[1] / "docs" / "guides" / "notifications.md").read_text()


def block(language: str) -> str:
    """The first block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_verifies_what_is_ours_and_of_now() -> None:
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102 - the guide is ours
    read: Callable[..., Any] = names["read_notification"]
    now = datetime.now(UTC)
    secret, body = new_secret(), '{"notificationType": "PING", "name": "Пинг"}'.encode()
    headers = signature_headers(secret, "1-ping", now, body)
    assert read(secret, headers, body)["notificationType"] == "PING"
    assert read(secret, headers, body + b" ") is None
    assert read(new_secret(), headers, body) is None
    assert read(secret, headers | {"webhook-id": "2-ping"}, body) is None
    late = signature_headers(secret, "1-ping", now - timedelta(minutes=6), body)
    assert read(secret, late, body) is None


def test_the_example_of_a_notification_is_one() -> None:
    told = msgspec.json.decode(block("json"), type=OrderStatusUpdated)
    assert told.status == "DELIVERY"


def test_nothing_is_left_out() -> None:
    words = {*Reason, *(worth.kind for worth in WORTH), *SubscriptionState}
    missing = [word for word in words if f"`{word}`" not in GUIDE]
    assert missing == [SubscriptionState.DELETED]

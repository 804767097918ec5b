"""Who hears of what, in which order, and what becomes of notifications that are not heard."""

from datetime import timedelta

import pytest

from entrepot.contract.notifications import NotificationKind
from entrepot.domain.notifications import OffReason, SubscriptionState
from tests.races.world import Process, Shop, command, order_id_of
from tests.support.receiver import Receiver, answer, raw
from tests.work.conftest import Post

CREATED = NotificationKind.ORDER_CREATED
PLENTY = 100


@pytest.fixture(autouse=True)
async def goods(p1: Process, ours: Shop, theirs: Shop) -> None:
    for shop in (ours, theirs):
        await p1.stock(shop, apple=PLENTY, bread=PLENTY)


async def place(process: Process, shop: Shop, number: int = 1, **how: bool) -> list[int]:
    """Place orders as one batch; gives their ids."""
    batch = [command(shop, {"apple": 1, "bread": 2}, **how) for _ in range(number)]  # type: ignore[arg-type]
    return [order_id_of(outcome) for outcome in await process.place(*batch)]


async def test_an_order_is_told_of(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    subscription = await post.subscribe(ours, shop_server.url)
    assert subscription.state is SubscriptionState.ON
    (order_id,) = await place(p1, ours)
    assert await post.send() == 1
    (heard,) = shop_server.told
    assert heard.path == "/hook?shop=1"
    assert heard.headers["content-type"] == "application/json"
    assert heard.json == {
        "notificationType": "ORDER_CREATED",
        "orderId": order_id,
        "campaignId": ours.campaign_id,
        "items": [{"offerId": "apple", "count": 1}, {"offerId": "bread", "count": 2}],
        "createdAt": "2026-06-02T07:00:00Z",
    }
    assert await post.waiting(subscription) == 0
    (line,) = await post.log(subscription)
    assert (line.outcome, line.http_status, line.number) == ("ACCEPTED", 200, 1)
    assert await post.send() == 0


async def test_fakes_and_drafts_are_told_of_too(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    await post.subscribe(ours, shop_server.url)
    await place(p1, ours, fake=True)
    await place(p1, ours, draft=True)
    await post.send()
    assert shop_server.kinds == ["ORDER_CREATED", "ORDER_CREATED"]


async def test_others_do_not_hear(
    p1: Process, ours: Shop, theirs: Shop, post: Post, shop_server: Receiver
) -> None:
    await post.subscribe(theirs, shop_server.url)
    await post.subscribe(ours, shop_server.url, [NotificationKind.ORDER_CANCELLED])
    await place(p1, ours)
    assert await post.send() == 0


async def test_a_campaign_hears_instead_of_its_business(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver, other_server: Receiver
) -> None:
    await post.subscribe(ours, shop_server.url)
    await post.subscribe(ours, other_server.url, [CREATED], of_campaign=True)
    await place(p1, ours, 3)
    await post.send()
    assert (len(shop_server.told), len(other_server.told)) == (0, 3)


@pytest.mark.parametrize(
    ("behave", "verdict", "reason"),
    [
        (answer(500, b'{"error": {"type": "UNKNOWN", "message": "later"}}'), "FAILED", "HTTP"),
        (answer(404, b"<html>", "text/html"), "FAILED", "HTTP"),
        (answer(302, b"", "text/html", "Location: http://127.0.0.1/"), "FAILED", "HTTP"),
        (answer(200, b"OK", "text/plain"), "FAILED", "UNSUPPORTED_MEDIA_TYPE"),
        (answer(200, b"OK"), "FAILED", "CANT_PARSE_RESPONSE"),
        (answer(200, b'{"version": "1", "name": "x"}'), "FAILED", "INVALID_DATA"),
        (answer(200, b" " * 70_000), "FAILED", "CANT_PARSE_RESPONSE"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"),
         "FAILED", "HTTP"),
        (raw(b""), "FAILED", "HTTP"),
        (raw(b"nonsense\r\n\r\n"), "FAILED", "HTTP"),
        (answer(400, b'{"error": {"type": "WRONG_EVENT_FORMAT", "message": "no"}}'),
         "REJECTED", "HTTP"),
        (answer(400, b"\xff"), "REJECTED", "HTTP"),
    ],
)  # fmt: skip
async def test_an_answer_that_is_no_acceptance(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver, behave: object, verdict: str,
    reason: str,
) -> None:  # fmt: skip
    subscription = await post.subscribe(ours, shop_server.url)
    await place(p1, ours)
    shop_server.behave = behave  # type: ignore[assignment]
    assert await post.send() == 1
    (line,) = await post.log(subscription)
    assert line.outcome == verdict
    assert line.reason is not None
    assert line.reason.endswith(f"/{reason}")
    assert await post.waiting(subscription) == (verdict == "FAILED")
    assert len(shop_server.told) == 1


async def test_the_timetable_to_its_end(
    p1: Process, ours: Shop, post: Post, shop_server: Receiver
) -> None:
    subscription = await post.subscribe(ours, shop_server.url)
    await place(p1, ours)
    shop_server.behave = answer(500)
    started = await post.now()
    while (await post.look(ours, subscription.id)).state is SubscriptionState.ON:
        await post.send()
        due = await post.next_due()
        if due is not None:
            await post.jump(seconds=(due - await post.now()).total_seconds())
    minutes = [
        (line.attempted_at - started) / timedelta(minutes=1)
        for line in await post.log(subscription)
    ]
    hours = [60 * hour for hour in range(24, 24 * 14 + 1)]
    assert minutes == [*range(60), *range(60, 24 * 60, 15), *hours]
    ended = await post.look(ours, subscription.id)
    assert ended.off_reason is OffReason.UNAVAILABLE

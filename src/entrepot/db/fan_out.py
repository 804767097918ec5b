"""Queueing what events are worth, in the statement that writes them.

So a notification is owed from the moment its order is, whatever becomes of the process: nobody
has to look for new events, and none can be overlooked. Where nobody has subscribed it costs a
look into an empty index.
"""

from entrepot import limits
from entrepot.domain.notifications import WORTH

WORTH_VALUES = ", ".join(
    f"('{worth.event_kind}', nullif('{worth.status or ''}', ''), {worth.part}::smallint,"
    f" '{worth.kind}')"
    for worth in WORTH
)
"""Rows of event kind, status (NULL for any), part and kind of notification."""

EVENT_COLUMNS = "business_id, order_id, campaign_id, seq, kind, status, happened_at"
"""What `fan_out` needs to know of each event."""


def fan_out(events: str) -> str:
    """Give the statement that queues what the rows of `events` are worth, for use in a WITH.

    The events are new, so nothing of them can be queued already. Where a campaign has
    a subscription to a kind, those of the whole business do not get it.

    Args:
        events: a table expression with `EVENT_COLUMNS`.
    """
    return f"""
      INSERT INTO delivery
        (business_id, subscription_id, order_id, seq, part, kind, lane, due_at)
      SELECT e.business_id, s.id, e.order_id, e.seq, w.part, w.kind,
        e.order_id % {limits.DELIVERY_LANES}, e.happened_at
      FROM {events} e
      JOIN (VALUES {WORTH_VALUES}) AS w (event_kind, status, part, kind)
        ON w.event_kind = e.kind AND (w.status IS NULL OR w.status = e.status)
      JOIN subscription s ON s.business_id = e.business_id AND s.state = 'ON'
        AND w.kind = ANY(s.kinds)
        AND (s.campaign_id = e.campaign_id OR s.campaign_id IS NULL AND NOT EXISTS (
          SELECT FROM subscription c
          WHERE c.business_id = e.business_id AND c.campaign_id = e.campaign_id
            AND c.state = 'ON' AND w.kind = ANY(c.kinds)
        ))
      RETURNING business_id
    """

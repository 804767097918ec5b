"""Signatures of notifications, as Standard Webhooks has them: any language has a library."""

import base64
import secrets
from datetime import datetime, timedelta

from standardwebhooks import Webhook

SECRET_BYTES = 32
SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with


def new_secret() -> str:
    """Draw a secret, in the form in which libraries take it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature_headers(
    secret: str, message_id: str, moment: datetime, body: bytes
) -> dict[str, str]:
    """Give the headers by which a receiver knows that a body is ours, and of this moment."""
    whole = moment - timedelta(microseconds=moment.microsecond)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(whole.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, whole, body.decode()),
    }

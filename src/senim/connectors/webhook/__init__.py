"""Systems of the operator that answer signed calls: no database is opened, the system does its own part."""

from __future__ import annotations

from senim.connectors.webhook.connector import WebhookConnector
from senim.connectors.webhook.signature import Seen, check, sign

__all__ = ["Seen", "WebhookConnector", "check", "sign"]

"""What is on disk: the tables, their columns and the rules that the database itself keeps.

State that follows from something else is not stored: a ticket's state and clocks come from `ticket_event`
(alerts/desk). Values of the house that are only read whole are kept as JSON documents in a `body` column; what is
searched for has a column of its own.
"""

from monitor.store.tables.assets import asset, asset_event, spare, spare_minimum, spare_movement, spare_store
from monitor.store.tables.base import Moment, metadata, ticks
from monitor.store.tables.devices import (
    device,
    device_event,
    link,
    part,
    pin,
    seen_ok,
    snapshot,
    snmp_sender,
    watched_day,
    worst_hours,
)
from monitor.store.tables.faults import beneath, fault, maintenance
from monitor.store.tables.notices import (
    advisory,
    advisory_document,
    advisory_key,
    advisory_refusal,
    advisory_source,
    device_unit,
    exposure,
    notice,
    notice_event,
    unit,
)
from monitor.store.tables.papers import forecast, forecast_month, forecast_round, paper, paper_form
from monitor.store.tables.past import link_flap, rollup_day, rollup_hour, rollup_layout
from monitor.store.tables.people import account, people_version, session
from monitor.store.tables.post import enclosure, letter, link_used, mail_read, outage
from monitor.store.tables.tickets import attachment, ticket, ticket_event

__all__ = [
    "Moment",
    "account",
    "advisory",
    "advisory_document",
    "advisory_key",
    "advisory_refusal",
    "advisory_source",
    "asset",
    "asset_event",
    "attachment",
    "beneath",
    "device",
    "device_event",
    "device_unit",
    "enclosure",
    "exposure",
    "fault",
    "forecast",
    "forecast_month",
    "forecast_round",
    "letter",
    "link",
    "link_flap",
    "link_used",
    "mail_read",
    "maintenance",
    "metadata",
    "notice",
    "notice_event",
    "outage",
    "paper",
    "paper_form",
    "part",
    "people_version",
    "pin",
    "rollup_day",
    "rollup_hour",
    "rollup_layout",
    "seen_ok",
    "session",
    "snapshot",
    "snmp_sender",
    "spare",
    "spare_minimum",
    "spare_movement",
    "spare_store",
    "ticket",
    "ticket_event",
    "ticks",
    "unit",
    "watched_day",
    "worst_hours",
]

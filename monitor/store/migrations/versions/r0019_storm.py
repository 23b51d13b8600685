"""What a storm asks is found by an index: the faults of a device, letters that wait, letters that left."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_QUEUE = (
    "next_try", "created_at", "ticket", "event", "recipient", "message_id",
    "level", "site", "what", "attempts", "enclosed", "state",
)  # fmt: skip


def upgrade() -> None:
    """Make the indexes; that of the queue holds all that is asked of it but the letters themselves."""
    op.create_index("ix_fault_device", "fault", ["device", "cleared_at"])
    # The state comes second, else SQLite finds what waits by it, and then reads over the bodies.
    op.drop_index("ix_letter_state_created_at", "letter")
    op.create_index("ix_letter_created_at_state", "letter", ["created_at", "state"])
    op.drop_index("ix_letter_queue", "letter")
    op.create_index("ix_letter_queue", "letter", [*_QUEUE], sqlite_where=sa.text("state = 'queued'"))
    op.create_index(
        "ix_letter_accepted",
        "letter",
        ["recipient", "ended_at", "level", "what", "ticket", "state"],
        sqlite_where=sa.text("state = 'accepted'"),
    )

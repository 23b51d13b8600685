"""What a digest needs of letters: level, site and event beside the body, and in which digest one went."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room; letters of before are as they are, and in no digest."""
    op.add_column("letter", sa.Column("level", sa.Integer(), nullable=True))
    for name in ("site", "what", "digest"):
        op.add_column("letter", sa.Column(name, sa.String(), server_default="", nullable=False))
    op.create_index("ix_letter_state_created_at", "letter", ["state", "created_at"], unique=False)
    op.create_index("ix_letter_recipient_created_at", "letter", ["recipient", "created_at"], unique=False)

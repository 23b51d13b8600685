"""Notices of the makers, what they mean for devices, and what customers were told of them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; all start empty."""
    op.create_table(
        "advisory_source",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("name", "what")),
        sa.Column("last_good", sa.BigInteger(), nullable=True),
        sa.Column("newest", sa.String(), server_default="", nullable=False),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in ("records", "refused")),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.Column("failure", sa.Text(), server_default="", nullable=False),
        sa.Column("memory", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_advisory_source"),
    )
    op.create_table(
        "advisory_refusal",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("source", "name")),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "name", name="pk_advisory_refusal"),
    )
    op.create_table(
        "advisory_document",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_advisory_document"),
    )
    op.create_table(
        "advisory",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("source", "name", "subject", "form")),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("published", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("known_exploited", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("seen_at", "changed_at")),
        sa.Column("is_matched", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_advisory"),
        sa.UniqueConstraint("source", "name", name="uq_advisory_source_name"),
    )
    op.create_index("ix_advisory_subject", "advisory", ["subject"], unique=False)
    op.create_index("ix_advisory_unmatched", "advisory", ["id"], unique=False, sqlite_where=sa.text("is_matched = 0"))
    op.create_table(
        "advisory_key",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("maker", "key")),
        sa.Column("advisory", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("maker", "key", "advisory", name="pk_advisory_key"),
    )
    op.create_index("ix_advisory_key_advisory", "advisory_key", ["advisory"], unique=False)
    op.create_table(
        "unit",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("platform", "model", "version", "patch")),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in ("not_listed", "is_matched")),
        sa.PrimaryKeyConstraint("id", name="pk_unit"),
        sa.UniqueConstraint("platform", "model", "version", "patch", name="uq_unit_platform_model_version_patch"),
    )
    op.create_table(
        "device_unit",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("device", "component")),
        sa.Column("unit", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", "component", name="pk_device_unit"),
    )
    op.create_index("ix_device_unit_unit", "device_unit", ["unit"], unique=False)
    op.create_table(
        "exposure",
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("unit", "advisory")),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("unit", "advisory", name="pk_exposure"),
    )
    op.create_index("ix_exposure_verdict_unit", "exposure", ["verdict", "unit"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("customer", "subject")),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.UniqueConstraint("customer", "subject", name="uq_notice_customer_subject"),
    )
    op.create_table(
        "notice_event",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("kind", "by")),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name="fk_notice_event_notice"),
        sa.PrimaryKeyConstraint("id", name="pk_notice_event"),
    )
    op.create_index("ix_notice_event_notice", "notice_event", ["notice"], unique=False)
    for change in ("UPDATE", "DELETE"):  # append-only, also for whoever opens the file by hand
        op.execute(
            f"CREATE TRIGGER tr_notice_event_{change.lower()} BEFORE {change} ON notice_event "
            "BEGIN SELECT RAISE(ABORT, 'notice_event is only ever added to'); END"
        )

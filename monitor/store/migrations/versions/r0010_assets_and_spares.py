"""The asset file with its history, and the stores of spare parts with their book."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ASSET = (
    "serial", "model", "maker", "part_number", "customer", "site", "device", "project", "delivered",
    "first_acceptance", "final_acceptance", "maker_warranty_ends", "engineering_warranty_ends", "price", "currency",
)  # fmt: skip


def upgrade() -> None:
    """Make the tables; both start empty."""
    op.create_table(
        "asset",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in _ASSET),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_asset"),
        sa.UniqueConstraint("serial", name="uq_asset_serial"),
    )
    op.create_index("ix_asset_device", "asset", ["device"], unique=False)
    op.create_table(
        "asset_event",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("asset", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("what", "by", "serial", "ticket", "source")),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["asset.id"], name="fk_asset_event_asset"),
        sa.PrimaryKeyConstraint("id", name="pk_asset_event"),
    )
    op.create_index("ix_asset_event_asset", "asset_event", ["asset"], unique=False)
    op.create_index("ix_asset_event_ticket", "asset_event", ["ticket"], unique=False)
    op.create_table(
        "spare_store",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("name", "title", "site", "city")),
        sa.PrimaryKeyConstraint("name", name="pk_spare_store"),
    )
    op.create_table(
        "spare",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("part_number", "description", "serial", "kind")),
        sa.Column("models", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_spare"),
    )
    op.create_index("uq_spare_piece", "spare", ["part_number", "serial"], unique=True)
    places = tuple(f"{way}_{what}" for way in ("from", "to") for what in ("store", "state", "ticket"))
    op.create_table(
        "spare_movement",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("spare", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in (*places, "unit")),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["spare"], ["spare.id"], name="fk_spare_movement_spare"),
        sa.PrimaryKeyConstraint("id", name="pk_spare_movement"),
    )
    op.create_index("ix_spare_movement_spare", "spare_movement", ["spare"], unique=False)
    for table in ("asset_event", "spare_movement"):  # append-only, also for whoever opens the file by hand
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER tr_{table}_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
            )

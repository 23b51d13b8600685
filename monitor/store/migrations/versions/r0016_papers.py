"""The archive of papers: each version as it was made, and the sums of the files that were made of it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; papers of before were files alone, and stay where they are."""
    op.create_table(
        "paper",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("facts", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("kind", "customer", "site", "period", "language", "version", name="uq_paper_version"),
    )
    op.create_table(
        "paper_form",
        sa.Column("paper", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["paper"], ["paper.id"], name=op.f("fk_paper_form_paper")),
        sa.PrimaryKeyConstraint("paper", "form", "sha256", name=op.f("pk_paper_form")),
    )
    disk = op.get_bind()
    for table in ("paper", "paper_form"):
        for change in ("UPDATE", "DELETE"):
            disk.exec_driver_sql(
                f"CREATE TRIGGER tr_{table}_{change.lower()} BEFORE {change} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'papers are only ever added'); END"
            )

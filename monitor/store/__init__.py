"""All the disk there is: tables, migrations, queries."""

"""SNMP: one interface that speaks of tables and columns, and what answers it."""

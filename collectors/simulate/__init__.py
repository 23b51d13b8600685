"""The answering side of each protocol: tests, demo, rehearsal of faults."""

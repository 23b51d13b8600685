"""Mail that comes in: read from the mailbox, understood, and filed into tickets, each once."""

"""The demo: the daemon itself, over a simulated fleet that breaks and heals, with a real SMTP server for its mail."""

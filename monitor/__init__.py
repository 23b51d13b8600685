"""The daemon: stands between the collectors and the alerts, and remembers."""

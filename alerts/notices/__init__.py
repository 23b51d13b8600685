"""Early notice: which version is newer, and does an advisory touch what is installed."""

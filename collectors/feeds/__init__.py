"""Notices of the makers, in the forms in which they are published, as one value: `monitor.model.Advisory`."""

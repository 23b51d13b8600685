"""The documents that leave the house."""

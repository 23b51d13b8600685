"""Rehearsals: the daemon's own pipeline over devices on a stage, in virtual time, held against what was expected."""

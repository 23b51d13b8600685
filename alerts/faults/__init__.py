"""From observations to faults with a level and its reasons."""

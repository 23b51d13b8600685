"""From ticket events to letters, and the letters' way out."""

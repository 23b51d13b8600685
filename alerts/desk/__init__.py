"""From faults to tickets with the contract's clocks."""

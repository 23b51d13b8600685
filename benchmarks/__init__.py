"""What Netvigil costs, measured as processor time and as ratios within one run, never as a timed test."""

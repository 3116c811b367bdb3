"""What every part of Bailiwick speaks: pure values and rules, no I/O."""

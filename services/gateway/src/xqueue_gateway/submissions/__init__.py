"""What clients submit: its form, its limits, and what becomes of it in the log."""

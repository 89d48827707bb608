"""Child processes: spawned, seen to answer, stopped within bounds, and never left behind."""

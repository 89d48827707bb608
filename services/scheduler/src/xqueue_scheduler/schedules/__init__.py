"""Schedules: which records a due run becomes, and appending them."""

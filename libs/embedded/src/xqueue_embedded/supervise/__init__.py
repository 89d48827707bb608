"""Keeping the whole system alive on one machine."""

"""The history: every task as it stands and every transition it made, in SQL.

Written by the notifier, read by the gateway; both share only these tables.
"""

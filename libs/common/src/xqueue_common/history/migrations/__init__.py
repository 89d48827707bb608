"""The way of the tables from release to release: one file a revision, in ``versions/``.

Run by the notifier, under a lock; how to add one stands in ``docs/development.md``.
"""

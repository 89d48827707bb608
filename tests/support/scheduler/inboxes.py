"""How many inboxes a test's cell has."""

INBOXES = 2

"""Watching tasks over a WebSocket.

A connection that is lost is made anew. The versions that were seen are told to the gateway, which then tells how
those tasks stand now; so a task that was heard of is never lost sight of, up to the 2,000 open ones that changed
last, although versions in between may be left out. No version is told twice. What began *and* ended while nobody
was connected is not heard of: `list` knows it.
"""

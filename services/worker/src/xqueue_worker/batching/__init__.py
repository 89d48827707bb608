"""Batches: attempts of one type that a handler is given together, as lists. See BATCHES.md for the rules.

::

    executor ─▶ Batches (a place) ─▶ Gathering ─▶ Course ─▶ Call ─▶ loop, thread, child process
                                     who waits    what is   one call, as the places see it:
                                     for whom     called    an attempt on a ``CallContext``
                                                   ▲                       │
                                                   └────── fate_of ◀───────┘  who has ended, who is called again

Each attempt is claimed, leased, watched and reported by itself, as if it were alone; a *batch* is only how they
are called. ``gathering`` and ``course`` decide, and know neither clocks nor handlers; ``calling`` and ``flags`` are
used on both sides of a child process's line; ``batches``, ``call`` and ``in_child`` belong to the worker.
"""

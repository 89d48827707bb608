"""The revisions that the tables went through, and what one of them means to us."""

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
"""All that this release knows, in their order; each is a file in ``migrations/versions``."""

LATEST = REVISIONS[-1]


def fault(found: str | None) -> str | None:
    """Return what is wrong with tables of this revision (None: made before there were any); None if nothing is."""
    if found == LATEST:
        return None
    if found is None or found in REVISIONS:
        return f"its tables are older ({found or 'without a revision'}) than this release ({LATEST}): {_OLDER}"
    return f"its tables are of a later release ({found}) than this one ({LATEST}): {_NEWER}"


_OLDER = "start the notifier of this release, which migrates them"
_NEWER = "run the release that migrated them, or a later one"

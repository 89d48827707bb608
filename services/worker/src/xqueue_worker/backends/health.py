"""What a server's health checks say of it: no I/O."""

from xqueue_worker.backends.settings import HealthSettings


class Health:
    """Up until so many checks in a row have failed, down until so many in a row went well.

    A server counts as up until it was asked: a worker and its servers often start together.
    """

    def __init__(self, settings: HealthSettings) -> None:
        self._settings = settings
        self._against = 0
        self.up = True

    def heard(self, *, well: bool) -> bool:
        """Take in a check; returns whether the server went down, or came up, with it."""
        if well is self.up:
            self._against = 0
            return False
        self._against += 1
        if self._against < (self._settings.down_after if self.up else self._settings.up_after):
            return False
        self.up, self._against = well, 0
        return True

"""``python -m xqueue_notifier``: one notifier process, told by ``XQ_…`` variables what to do."""

import sys

from xqueue_common.service import run
from xqueue_notifier.app import notify
from xqueue_notifier.settings import NotifierSettings

if __name__ == "__main__":
    sys.exit(run("notifier", NotifierSettings, notify))

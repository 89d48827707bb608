"""The worker: xq.dispatch to handlers, handlers to xq.reports.

What handlers import stands here; nothing of it reaches for Kafka or Redis, so child processes start fast.
"""

from xqueue_common.artifacts import Artifact
from xqueue_worker.batching.options import Batch
from xqueue_worker.context import Context, ParentFacts
from xqueue_worker.errors import BadChunk, Fail, HandlerError, Retry
from xqueue_worker.handler import task

__all__ = ["Artifact", "BadChunk", "Batch", "Context", "Fail", "HandlerError", "ParentFacts", "Retry", "task"]

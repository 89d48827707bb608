"""The worker: xq.dispatch to handlers, handlers to xq.reports."""

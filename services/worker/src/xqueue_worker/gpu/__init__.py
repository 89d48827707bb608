"""The GPU of a worker: which it is, who sees it, and what fits into its memory. All pure, but for ``nvml``."""

"""The scheduler: xq.commands and xq.reports to the fold, the fold to xq.dispatch and xq.status."""

"""The gateway: HTTP to xq.commands, xq.status to subscribers."""

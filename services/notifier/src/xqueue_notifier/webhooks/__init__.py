"""Webhooks: signed requests to whoever asked to be told, tried again for days; ``docs/webhooks.md``."""

"""The registry: who may ask (API keys) and whom to tell (webhook subscriptions).

A compacted topic of one partition holds the latest record of each under its id. Gateways and notifiers read it
whole when they start and follow it then, so every request is judged from memory, with Redis and the history away,
and a revoked key is refused everywhere as soon as its record has arrived.
"""

"""Subscriptions to webhooks, and what became of their deliveries; who calls is the notifier."""

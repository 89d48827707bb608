"""Writing the registry: API keys and subscriptions."""

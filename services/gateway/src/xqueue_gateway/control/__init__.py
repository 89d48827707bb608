"""What operators set and do: queues, limits. Knows nothing of HTTP but the problems it names."""

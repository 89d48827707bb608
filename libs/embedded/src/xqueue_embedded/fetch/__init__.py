"""Getting what the brokers need: from the PATH, from the cache, or, once, from the network."""

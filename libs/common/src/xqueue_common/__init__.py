"""What the services share: the contract and thin adapters."""

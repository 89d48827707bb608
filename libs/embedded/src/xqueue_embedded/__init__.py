"""The brokers as child processes, and the supervisor that runs the whole system on one machine."""

"""The brokers: real ones, each on a loopback port that it keeps, with its data in the state directory."""

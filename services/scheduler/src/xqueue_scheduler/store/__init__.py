"""The only code of the scheduler that talks to Redis."""

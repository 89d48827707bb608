"""The history: every version of every task, and what its handlers logged, into SQL."""

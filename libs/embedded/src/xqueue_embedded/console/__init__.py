"""The command line: what a person at a terminal types and sees."""

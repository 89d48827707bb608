"""What can be done with tasks: submit, read, wait, cancel. Knows nothing of HTTP but the problems it names."""

"""Reading the history that the notifier keeps: lists, single tasks, transitions."""

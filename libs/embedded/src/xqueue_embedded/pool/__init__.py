"""The pool of workers: how many there should be, and making it so."""

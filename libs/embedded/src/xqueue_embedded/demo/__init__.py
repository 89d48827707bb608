"""The demo: the whole system, a real model, and work that can be watched."""

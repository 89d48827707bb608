"""The `xqueue` command: the SDK for shells and people."""

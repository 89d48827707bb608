"""The SDK and the xqueue command."""

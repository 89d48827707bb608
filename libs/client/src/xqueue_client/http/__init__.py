"""Talking HTTP: calls say what to ask and how to read the answer; doors send them, plainly or in asyncio."""

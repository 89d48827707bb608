"""From the status and progress logs to whoever listens: WebSocket subscribers and waiting requests."""

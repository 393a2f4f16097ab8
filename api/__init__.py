"""Slotline over HTTP and WebSocket."""

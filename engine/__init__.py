"""The Slotline booking engine: Redis decides, MongoDB remembers. Usable without the API."""

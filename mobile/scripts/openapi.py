"""Prints the server's OpenAPI document, as it is with ACCESS=verified, for `make client` and the check of it."""

from __future__ import annotations

import json

import api.app  # noqa: F401  (its import declares the routes)
from api.openapi import document
from api.routes import ROUTES

if __name__ == "__main__":
    print(json.dumps(document(ROUTES, open_to_all=False)))

"""The live feed over WebSockets: `GET /api/live`.

`handshake` takes the connection over from Sanic; from then on it belongs to a `Socket`, a thin WebSocket protocol of
our own (`websocket`). The `Hub` knows who watches what, an `Audience` who watches one expert. A frame is encoded once
and the same bytes go straight to every connection of the audience (`fanout`): no await, no task and no buffer a client.
The `pulse` tells versions, pings, finds the dead, and sends everybody away when the server stops.
"""

from api.live.hub import Hub
from api.live.route import install

__all__ = ["Hub", "install"]

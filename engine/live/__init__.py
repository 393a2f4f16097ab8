"""A client of the live feed (`GET /api/live`), for the command line, the tests, the load tests and yours.

    async with LiveClient("http://127.0.0.1:8000") as live:
        async for picture in live.states(expert_id):
            print(picture.version, [slot["state"] for slot in picture.slots.values()])

It follows the client rule (a version that was seen is dropped, the next one applied, anything else makes it subscribe
anew), reconnects with a jittered pause that grows, resumes where it was, and ends with `Refused` when the server says
that there is no point in coming back (close codes 4400 to 4499). `BlockingLiveClient` is the same for threads and for
gevent's greenlets. The rule itself is in `Session`, which does no I/O.
"""

from engine.live.blocking import BlockingLiveClient
from engine.live.client import LiveClient
from engine.live.picture import Picture
from engine.live.session import Backoff, Refused, Session, Silent, Unwatchable, live_url

__all__ = [
    "Backoff",
    "BlockingLiveClient",
    "LiveClient",
    "Picture",
    "Refused",
    "Session",
    "Silent",
    "Unwatchable",
    "live_url",
]

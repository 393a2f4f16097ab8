"""FastAPI, asyncpg and PostgreSQL: the unique index decides. Reads DATABASE_URL and POOL (connections).

One statement a booking, prepared once a connection by asyncpg; a loser of the race writes nothing.
"""

import argparse
import os
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

import asyncpg
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, StringConstraints

SCHEMA = """
CREATE TABLE IF NOT EXISTS bookings (
  id uuid PRIMARY KEY, expert_id text NOT NULL, slot_id text NOT NULL, status text NOT NULL DEFAULT 'pending',
  name text NOT NULL, email text NOT NULL, phone text NOT NULL, notes text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX IF NOT EXISTS one_active_booking_a_slot ON bookings (slot_id) WHERE status <> 'cancelled';
CREATE INDEX IF NOT EXISTS email_newest ON bookings (email, created_at);
"""
INSERT = """
INSERT INTO bookings (id, expert_id, slot_id, name, email, phone, notes) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (slot_id) WHERE status <> 'cancelled' DO NOTHING RETURNING created_at
"""

parser = argparse.ArgumentParser()
parser.add_argument("--fd", type=int, required=True)
parser.add_argument("--ready-fd", type=int, required=True)
given = parser.parse_args()


class NewBooking(BaseModel):
    expertId: str
    slotId: str
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)]
    email: Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    phone: Annotated[str, StringConstraints(pattern=r"^\+?[\d\s().-]{7,25}$")]
    notes: Annotated[str, StringConstraints(max_length=1000)] = ""


class Booking(NewBooking):
    id: uuid.UUID
    status: str
    createdAt: datetime


class Created(BaseModel):
    booking: Booking


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    size = int(os.environ.get("POOL", "20"))
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=size, max_size=size) as pool:
        await pool.execute(SCHEMA)
        app.state.pool = pool
        os.write(given.ready_fd, b"R")
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/api/bookings", status_code=201)
async def book(wanted: NewBooking, request: Request) -> Created:
    booking_id = uuid.uuid4()
    created: Any = await request.app.state.pool.fetchval(
        INSERT, booking_id, wanted.expertId, wanted.slotId, wanted.name, wanted.email, wanted.phone, wanted.notes
    )
    if created is None:
        raise HTTPException(409, "slot-taken")
    return Created(booking=Booking(**wanted.model_dump(), id=booking_id, status="pending", createdAt=created))


uvicorn.Server(
    uvicorn.Config(app, loop="uvloop", http="httptools", access_log=False, log_level="warning", backlog=1024)
).run(sockets=[socket.socket(fileno=given.fd)])

"""One expert's calendar as a client knows it: the client rule of the feed."""

from __future__ import annotations

from typing import Any

Frame = dict[str, Any]
"""A message of the server, as the contract spells it."""


class Picture:
    """The slots of one expert, as last told. It changes while its client runs; copy ``slots`` to keep a state."""

    __slots__ = ("_asked", "epoch", "expert_id", "fault", "live", "losses", "slots", "snapshots", "version")

    def __init__(self, expert_id: str) -> None:
        self.expert_id = expert_id
        self.epoch = ""
        self.version = -1
        """Of the last change that is in it; -1 before the first snapshot."""
        self.slots: dict[str, Frame] = {}
        """Slot id → Slot, as the contract spells it. Whether one is past is a matter of the clock: nobody is told."""
        self.live = False
        """Whether the server has confirmed it on the present connection and nothing is known to be missing."""
        self.losses = 0
        """How often it turned out that something had been missed while connected."""
        self.snapshots = 0
        """Whole calendars read so far; a resumption is none."""
        self.fault: tuple[str, str] | None = None
        """Code and detail of the server's last refusal to show it."""
        self._asked: int | None = None
        """The version that a subscribe message told, while its answer is awaited; -1 for none."""

    @property
    def in_order(self) -> list[Frame]:
        """The slots by start."""
        return sorted(self.slots.values(), key=lambda slot: str(slot["start"]))

    @property
    def waiting(self) -> bool:
        """Whether a subscribe message has been sent that has no answer yet."""
        return self._asked is not None

    def subscribe(self) -> Frame:
        """The message that asks for it: for what was missed, if there is anything to go on from."""
        message: Frame = {"type": "subscribe", "expertId": self.expert_id}
        if self.version >= 0:
            message |= {"epoch": self.epoch, "version": self.version}
        self._asked = self.version
        self.live = False
        return message

    def disconnected(self) -> None:
        self.live = False
        self._asked = None

    def refused(self, code: str, detail: str) -> None:
        self.live = False
        self._asked = None
        self.fault = (code, detail)

    def take_snapshot(self, frame: Frame) -> None:
        self.epoch, self.version = frame["epoch"], frame["version"]
        self.slots = {slot["id"]: slot for slot in frame["slots"]}
        self.snapshots += 1
        self._confirmed()

    def take_resumed(self, frame: Frame) -> bool:
        """False if it is not what was asked for: then subscribe anew."""
        if not self.waiting:
            return True  # an answer that a snapshot has overtaken
        if (frame["epoch"], frame["version"]) != (self.epoch, self.version):
            self.forget()
            return False
        self._confirmed()
        return True

    def take_slot(self, frame: Frame) -> bool | None:
        """True if it was applied, None if it says nothing new, False if something was missed: then subscribe anew."""
        if self.waiting:
            return None  # the answer will tell this change, too
        version = frame["version"]
        if frame["epoch"] != self.epoch or version > self.version + 1:
            return self._lost()
        if version <= self.version:
            return None
        self.version = version
        self.slots[frame["slot"]["id"]] = frame["slot"]
        return True

    def take_beat(self, version: int) -> bool:
        """False if the server has told more than has arrived."""
        return self.waiting or version <= self.version or self._lost()

    def forget(self) -> None:
        """Whatever is asked for next is a whole calendar."""
        self.epoch, self.version = "", -1

    def _lost(self) -> bool:
        self.losses += 1
        self.live = False
        return False

    def _confirmed(self) -> None:
        self.live = True
        self.fault = None
        self._asked = None

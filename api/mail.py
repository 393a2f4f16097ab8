"""One-time codes on their way: by SMTP, or onto the console of a development start.

The request does not wait for it: what it answers, and when, says nothing about where the message went.
"""

from __future__ import annotations

import asyncio
import logging
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

import aiosmtplib

from engine.settings import Settings

log = logging.getLogger("slotline.mail")

PATIENCE = 20.0
"""Seconds that sending may take."""
AT_ONCE = 8
MOST_WAITING = 1000


class Mailer:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._sending: set[asyncio.Task[None]] = set()

    def send_code(self, email: str, code: str) -> None:
        """Sends a code, in the background."""
        if self._settings.smtp_url is None:
            if self._settings.print_codes:
                print(f"Code for {email}: {code}", flush=True)
            return
        if len(self._sending) >= MOST_WAITING:
            log.error("a code was not sent: %d are waiting", MOST_WAITING)
            return
        task = asyncio.create_task(self._send(email, code))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def stop(self) -> None:
        """Lets what is under way end."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=self._settings.drain_timeout)

    async def _send(self, email: str, code: str) -> None:
        async with self._turn:
            try:
                await self._deliver(self._message(email, code))
            except (aiosmtplib.SMTPException, OSError, ValueError) as error:
                # The error's text may quote the address.
                log.error("a code was not sent: %s", type(error).__name__)

    async def _deliver(self, message: EmailMessage) -> None:
        assert self._settings.smtp_url is not None
        parts = urlsplit(self._settings.smtp_url.get_secret_value())
        secure = parts.scheme == "smtps"
        await aiosmtplib.send(
            message,
            hostname=parts.hostname,
            port=parts.port or (465 if secure else 587),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=secure,
            # A password never goes over an open line; without one, TLS is used where it is offered.
            start_tls=None if secure or not parts.password else True,
            timeout=PATIENCE,
        )

    def _message(self, email: str, code: str) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._settings.mail_from
        message["To"] = email
        if [address.addr_spec for address in message["To"].addresses] != [email]:
            raise ValueError("these words in a header stand for other ones (RFC 2047)")
        message["Subject"] = f"{code} is your Slotline code"
        message["Date"] = formatdate(localtime=False)
        message["Message-ID"] = make_msgid(domain=self._settings.mail_from.rpartition("@")[2].rstrip("> ") or None)
        message["Auto-Submitted"] = "auto-generated"
        minutes = max(1, self._settings.code_seconds // 60)
        message.set_content(
            f"Your code is {code}\n\nIt is good for {minutes} minutes and can be used once. If you have not asked for "
            "it, somebody has typed your address by mistake; there is nothing for you to do.\n"
        )
        return message

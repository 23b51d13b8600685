"""The mail server of a rehearsal: it accepts letters at their virtual moment, or is down, slow or refuses."""

import asyncio
from collections.abc import Mapping

from alerts.post.mail import MailSettings, Receipt, Verdict
from monitor.model import Letter
from monitor.rehearsal.happenings import Post

_TALK = 0.2  # seconds of a talk with a server nearby
_SLOW = 20.0


class PostOffice:
    """The way out for letters. `how` is what the scenario makes of it."""

    def __init__(self) -> None:
        """A server that is up."""
        self.how = Post.UP
        self.accepted: dict[str, float] = {}
        """When each letter was accepted, by its Message-ID, in seconds of the loop."""

    async def __call__(self, letter: Letter, settings: MailSettings, files: Mapping[str, bytes]) -> Receipt:
        """One try."""
        del files
        where = f"{settings.server}:{settings.port}"
        match self.how:
            case Post.DOWN:
                return Receipt(verdict=Verdict.RETRY, words=f"{where}: connection refused", concerns_all=True)
            case Post.REFUSES:
                await asyncio.sleep(_TALK)
                return Receipt(verdict=Verdict.REFUSED, words="550 no such user")
            case Post.SLOW:
                await asyncio.sleep(_SLOW)
        await asyncio.sleep(_TALK)
        self.accepted.setdefault(letter.message_id, asyncio.get_running_loop().time())
        return Receipt(verdict=Verdict.ACCEPTED, words="250 accepted")

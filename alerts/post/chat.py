"""The way out to chat groups and gateways for short messages: one HTTP request per letter, and what came of it.

apprise reads the address (its URL forms, and the makers' own), checks it and signs for DingTalk. It answers only yes or
no, though, and takes HTTP 200 for a yes where these robots say in `errcode` that they refuse; so the request is made
here, and the answer read (docs/adr/0009-apprise-and-answers.md). Nothing of it is imported before there is a channel.

A try runs in a thread and ends for the caller within the channel's timeout, whatever the other side does.
"""

import asyncio
import json
import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from alerts.post.channels import Channel, ChannelKind, fitted
from alerts.post.mail import Receipt, Verdict
from alerts.templates import harmless
from monitor.model import Letter

_MOST = 65536  # octets of an answer that are read
_WORDS = 300
_FIRST = 3  # lines of a letter that was made for mail
_SHORTEST_SECRET = 6  # characters; shorter parts of an address are words such as "json"
# "Later" in the words of each: WeCom, global error codes; DingTalk, custom robots; Feishu, custom bots.
_LATER: Mapping[ChannelKind, frozenset[int]] = {
    ChannelKind.WECOM: frozenset({-1, 45009, 45033}),
    ChannelKind.DINGTALK: frozenset({-1, 130101, 410100}),
    ChannelKind.FEISHU: frozenset({11232, 99991400}),
}
_TOO_MANY, _TIMEOUT, _SERVER = 429, 408, 500
_threads: dict[str, threading.Thread] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """One HTTP request, ready to be made."""

    url: str = field(repr=False)
    method: str = "POST"
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    login: tuple[str, str] | None = field(default=None, repr=False)
    verify: bool = True


def wrong(channel: Channel) -> str:
    """Why the channel's address is none, "" where it is well; never the address itself."""
    wanted = {
        ChannelKind.WECOM: "wecombot://KEY, or the robot's own https://qyapi.weixin.qq.com/… address",
        ChannelKind.DINGTALK: "dingtalk://SECRET@TOKEN, or dingtalk://TOKEN where the robot does not want a signature",
        ChannelKind.FEISHU: "feishu://TOKEN",
        ChannelKind.SMS: "jsons://HOST/PATH or forms://HOST/PATH",
    }
    return "" if _plugin(channel) is not None else f"what lies there is no address; write {wanted[channel.kind]}"


async def sent(letter: Letter, channel: Channel) -> Receipt:
    """One try. It ends within the timeout for us; a thread that hangs longer keeps the channel from a further try."""
    last = _threads.get(channel.name)
    if last is not None and last.is_alive():
        words = "the try before has not ended: the other side keeps the line without an answer"
        return Receipt(verdict=Verdict.RETRY, words=words, concerns_all=True)
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Receipt] = loop.create_future()

    def told(receipt: Receipt) -> None:
        if not done.done():
            done.set_result(receipt)

    def talk() -> None:
        try:
            receipt = posted(letter, channel)
        except Exception as error:  # noqa: BLE001 - a thread has nobody above it; what it is stands in the record
            receipt = Receipt(verdict=Verdict.RETRY, words=type(error).__name__, concerns_all=True)
        if not loop.is_closed():
            loop.call_soon_threadsafe(told, receipt)

    seconds = channel.timeout.total_seconds()
    thread = threading.Thread(target=talk, name=f"channel {channel.name}", daemon=True)
    thread.start()
    try:
        async with asyncio.timeout(seconds):
            return await done
    except TimeoutError:
        _threads[channel.name] = thread
        return Receipt(verdict=Verdict.RETRY, words=f"no answer within {seconds:g} s", concerns_all=True)


def posted(letter: Letter, channel: Channel) -> Receipt:
    """One try, in the caller's thread."""
    plugin = _plugin(channel)
    if plugin is None:
        return Receipt(verdict=Verdict.RETRY, words="the channel has no usable address", concerns_all=True)
    return _asked(_request(letter, channel, plugin), channel)


def _plugin(channel: Channel) -> Any:
    """The channel's address as apprise understands it; None where it does not."""
    from apprise.exception import AppriseException  # noqa: PLC0415 - 10 MB, only where there is a channel
    from apprise.plugins.custom_json import NotifyJSON  # noqa: PLC0415
    from apprise.plugins.dingtalk import NotifyDingTalk  # noqa: PLC0415
    from apprise.plugins.feishu import NotifyFeishu  # noqa: PLC0415
    from apprise.plugins.wecombot import NotifyWeComBot  # noqa: PLC0415

    # They write addresses with keys and tokens to the log.
    logging.getLogger("apprise").disabled = True
    logging.getLogger("urllib3.connectionpool").setLevel(logging.WARNING)
    known = {
        ChannelKind.WECOM: (NotifyWeComBot, {"wecombot"}),
        ChannelKind.DINGTALK: (NotifyDingTalk, {"dingtalk"}),
        ChannelKind.FEISHU: (NotifyFeishu, {"feishu"}),
        ChannelKind.SMS: (NotifyJSON, {"json", "jsons", "form", "forms"}),
    }
    shape, schemes = known[channel.kind]
    try:
        native = shape.parse_native_url(channel.url) if channel.url.startswith("http") else None
        results = native or shape.parse_url(channel.url)
        if not results or str(results.get("schema")) not in schemes:
            return None
        results["secure"] = str(results["schema"]) in {"jsons", "forms"}
        plugin = shape(**results)
    except (AppriseException, TypeError, ValueError):
        return None
    if channel.kind is ChannelKind.SMS:
        plugin.is_form = str(results["schema"]).startswith("form")
    return plugin


def _request(letter: Letter, channel: Channel, plugin: Any) -> _Request:
    text = fitted(_said(letter), channel)
    json_type = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Netvigil"}
    match channel.kind:
        case ChannelKind.WECOM:
            url = _at(channel, plugin.api_url)
            said: object = {"msgtype": "text", "text": {"content": text}}
            return _Request(url=url, body=_json(said), headers=json_type, verify=plugin.verify_certificate)
        case ChannelKind.DINGTALK:
            url = _at(channel, plugin.notify_url.format(token=plugin.token))
            params = {}
            if plugin.secret:  # apprise quotes what requests quotes again
                moment, sign = plugin.get_signature()
                params = {"timestamp": moment, "sign": plugin.unquote(sign)}
            said = {
                "msgtype": "text", "text": {"content": text}, "at": {"atMobiles": plugin.targets, "isAtAll": False},
            }  # fmt: skip
            return _Request(
                url=url, body=_json(said), headers=json_type, params=params, verify=plugin.verify_certificate
            )
        case ChannelKind.FEISHU:
            url = _at(channel, plugin.notify_url.format(token=plugin.token).rstrip("/"))
            said = {"msg_type": "text", "content": {"text": text}}
            return _Request(url=url, body=_json(said), headers=json_type, verify=plugin.verify_certificate)
        case ChannelKind.SMS:
            return _gateway(letter, channel, plugin, text)


def _said(letter: Letter) -> str:
    """What is said: of a letter that was made for mail alone (a notice of a maker) its subject and first lines."""
    if not letter.html:
        return letter.text
    lines = [line.strip() for line in letter.text.splitlines() if line.strip()]
    return "\n".join([letter.subject, *lines[:_FIRST]])


def _gateway(letter: Letter, channel: Channel, plugin: Any, text: str) -> _Request:
    """What a gateway for short messages is asked: the body of the settings, filled."""
    places = {"{phone}": letter.recipient.partition("/")[2], "{text}": text, "{id}": letter.message_id.strip("<>")}
    filled = {key: _filled(value, places) for key, value in channel.body.items()}
    port = f":{plugin.port}" if isinstance(plugin.port, int) else ""
    asked = {
        "url": f"{'https' if plugin.secure else 'http'}://{plugin.host}{port}{plugin.fullpath}",
        "method": plugin.method,
        "login": (plugin.user, plugin.password or "") if plugin.user else None,
        "verify": plugin.verify_certificate,
    }
    params = dict(plugin.params)
    if plugin.method == "GET":
        return _Request(**asked, params={**params, **filled}, headers=dict(plugin.headers))
    if plugin.is_form:
        from urllib.parse import urlencode  # noqa: PLC0415 - as the rest, only where it is used

        kind = "application/x-www-form-urlencoded; charset=utf-8"
        body = urlencode(filled).encode()
    else:
        kind, body = "application/json; charset=utf-8", _json(filled)
    headers = {"User-Agent": "Netvigil", "Content-Type": kind, **plugin.headers}
    return _Request(**asked, body=body, params=params, headers=headers)


def _filled(text: str, places: Mapping[str, str]) -> str:
    return re.sub(r"\{(?:phone|text|id)\}", lambda found: places[found[0]], text)


def _at(channel: Channel, url: str) -> str:
    """The maker's address, or the same path at the server that stands in for it."""
    return re.sub(r"^https://[^/]+", lambda _: channel.server, url) if channel.server else url


def _json(said: object) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")


def _asked(request: _Request, channel: Channel) -> Receipt:
    import requests  # noqa: PLC0415 - it comes with apprise, and is needed nowhere else

    seconds = channel.timeout.total_seconds()
    end = monotonic() + seconds
    try:
        with requests.request(
            request.method, request.url, data=request.body or None, params=request.params or None,
            headers=dict(request.headers), auth=request.login, verify=request.verify, timeout=seconds,
            allow_redirects=False, stream=True,
        ) as answer:  # fmt: skip
            body = b""
            for piece in answer.iter_content(4096):
                body += piece
                if len(body) > _MOST or monotonic() > end:
                    break
            return _judged(answer.status_code, body.decode("utf-8", "replace"), channel)
    except requests.exceptions.Timeout:
        words = f"no answer within {seconds:g} s"
    except requests.exceptions.SSLError:
        words = "the certificate of the other side is not trusted, or there is no TLS"
    except requests.exceptions.ConnectionError:
        words = "no connection"
    except (requests.exceptions.RequestException, ValueError, OSError) as error:  # their words hold the address
        words = type(error).__name__
    return Receipt(verdict=Verdict.RETRY, words=words, concerns_all=True)


def _judged(status: int, body: str, channel: Channel) -> Receipt:
    """What the answer means. What is not understood is no yes: a portal that answers 200 to all takes no letter."""
    if status in {_TOO_MANY, _TIMEOUT} or status >= _SERVER:
        return _receipt(Verdict.RETRY, f"HTTP {status} {body}", channel, concerns_all=True)
    if not 200 <= status < 300:  # noqa: PLR2004 - RFC 9110, 15.3: successful
        return _receipt(Verdict.REFUSED, f"HTTP {status} {body}", channel)
    if channel.kind is ChannelKind.SMS:
        is_taken = channel.accepted in body
        return _receipt(Verdict.ACCEPTED if is_taken else Verdict.REFUSED, body or f"HTTP {status}", channel)
    return _answered(body, channel)


def _answered(body: str, channel: Channel) -> Receipt:
    """What a robot answers in its own words: HTTP says 200 whatever it is."""
    code, words = _code(body)
    if code is None:
        return _receipt(Verdict.RETRY, f"not understood: {body}", channel, concerns_all=True)
    if code == 0:
        return _receipt(Verdict.ACCEPTED, f"{code} {words}", channel)
    if code in _LATER[channel.kind]:
        return _receipt(Verdict.RETRY, f"{code} {words}", channel, concerns_all=True)
    return _receipt(Verdict.REFUSED, f"{code} {words}", channel)


def _code(body: str) -> tuple[int | None, str]:
    """The number with which a robot answers, and its words; None where there is none."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None, ""
    if isinstance(said, dict):
        for number, words in (("errcode", "errmsg"), ("code", "msg"), ("StatusCode", "StatusMessage")):
            code = said.get(number)
            if isinstance(code, int) and not isinstance(code, bool):
                return code, str(said.get(words, ""))
    return None, ""


def _receipt(verdict: Verdict, words: str, channel: Channel, *, concerns_all: bool = False) -> Receipt:
    said = words
    for part in sorted(re.split(r"[:/?&=@+]+", channel.url), key=len, reverse=True):
        if len(part) >= _SHORTEST_SECRET:
            said = said.replace(part, "***")
    return Receipt(verdict=verdict, words=harmless(said, _WORDS), concerns_all=concerns_all)

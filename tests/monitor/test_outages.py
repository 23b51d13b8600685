"""Letters to chat groups and telephones beside mail, by the duties; a way that fails is told over the others."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from chat_server import KEY, Chat, chatting
from people_house import ASKED, PEOPLE, requested

from house import INVENTORY, NETVIGIL, SECRETS, House, housed
from monitor.config import ConfigError, loaded
from monitor.duties import Duties
from monitor.metrics import Metrics
from monitor.model import Language, Level
from monitor.progress import Progress
from monitor.store import letters, outages
from monitor.store.letters import LetterState
from monitor.web.desk.rendering import Visitor
from monitor.web.desk.wall import wall

CHANNELS = """
[[mail.recipient]]
name = "Head"
address = "head-of-all@example.org"
language = "en"
levels = [1, 2]
channels = ["duty-group"]
[letters]
links = "https://desk.example.org"
[[channel]]
name = "duty-group"
kind = "wecom"
url = {{ env = "WECOM" }}
server = "{url}"
timeout = "5s"
language = "zh_CN"
[[channel]]
name = "sms"
kind = "sms"
url = {{ env = "SMS" }}
body = {{ to = "{{phone}}", text = "{{text}}", ref = "{{id}}" }}
"""
FOLK = PEOPLE.replace('mail = "an@example.org"', 'phone = "13800000001"\nchannels = ["sms"]', 1)


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    async with chatting() as answering:
        yield answering


@pytest.fixture
async def house(tmp_path: Path, chat: Chat) -> AsyncIterator[House]:
    async with housed(tmp_path) as built:
        file = tmp_path / "netvigil.toml"
        file.write_text(file.read_text() + CHANNELS.format(url=chat.url))
        (tmp_path / "people.toml").write_text(FOLK)
        built.settings = loaded(tmp_path, environ(chat))
        yield built


def environ(chat: Chat) -> dict[str, str]:
    here = chat.url.removeprefix("http://")
    return {**SECRETS, "WECOM": f"wecombot://{KEY}", "SMS": f"json://{here}/sms/send"}


class Running:
    """Duties over the house, from one start to the next."""

    def __init__(self, house: House) -> None:
        self.house, self.metrics = house, Metrics("test")
        self.duties = Duties(house.settings, house.store, self.metrics, Progress({}, house.clock()), house.clock)

    async def go_on(self, seconds: float, step: float = 5) -> None:
        passed = 0.0
        while passed < seconds:
            self.house.clock.advance(seconds=step)
            passed += step
            await self.duties.tick()
            await self.duties.finished()


def states(house: House) -> dict[str, LetterState]:
    with house.store.reading() as disk:
        return {each.letter.recipient: each.state for each in letters.all_letters(disk)}


async def test_group_and_telephone_are_told_what_mail_tells(house: House, chat: Chat) -> None:
    ticket = requested(house)
    await Running(house).go_on(10)
    assert states(house) == dict.fromkeys(
        ("duty@example.org", "zhiban@example.org", "head-of-all@example.org", "duty-group", "sms/13800000001"),
        LetterState.ACCEPTED,
    )
    (group,) = [each for path, each in zip(chat.paths, chat.texts(), strict=True) if "webhook" in path]
    assert group.startswith(f"[{ticket.id} #1] ")
    assert "room 3 is dark" in group
    assert group.endswith(f"https://desk.example.org/tickets/{ticket.id}")
    (told,) = [each for each in chat.said if "to" in each]
    assert told["to"] == "13800000001"
    assert told["ref"].startswith(f"{ticket.id}.1.")
    assert len(house.sink.mails) == 3


async def test_group_is_told_of_the_levels_that_its_recipient_asked_for(house: House, chat: Chat) -> None:
    requested(house, replace(ASKED, level=Level.MINOR))
    await Running(house).go_on(10)
    assert not [path for path in chat.paths if "webhook" in path]


async def test_quiet_hours_hold_back_a_short_message_as_they_do_mail(house: House, chat: Chat) -> None:
    (house.folder / "people.toml").write_text(FOLK.replace('phone = "138', 'quiet = "14:00-16:00"\nphone = "138', 1))
    house.settings = loaded(house.folder, environ(chat))
    requested(house, replace(ASKED, level=Level.MINOR))
    running = Running(house)
    await running.go_on(60)
    assert "sms/13800000001" in states(house)
    assert chat.said == []
    await running.go_on(3700, 100)
    assert [each["to"] for each in chat.said if "to" in each][:1] == ["13800000001"]


async def test_channel_that_fails_is_told_by_mail_once_and_again_when_it_works(house: House, chat: Chat) -> None:
    chat.always = {"errcode": -1, "errmsg": "system busy"}
    requested(house)
    running = Running(house)
    await running.go_on(50)
    assert not outage_mails(house)
    await running.go_on(200)
    assert len(outage_mails(house)) == 3
    assert all("duty-group" in str(each["Subject"]) for each in outage_mails(house))
    await Running(house).go_on(200)  # a restart
    assert len(outage_mails(house)) == 3
    running = Running(house)
    await running.go_on(5)
    assert 'netvigil_way_up{way="duty-group"} 0.0' in running.metrics.text().decode()
    assert any("duty-group" in each and "-1 system busy" in each for each in troubles(house))
    assert KEY not in running.metrics.text().decode() + "".join(troubles(house))
    chat.always = None
    await running.go_on(400)
    assert states(house)["duty-group"] is LetterState.ACCEPTED
    assert [str(each["Subject"]) for each in outage_mails(house)].count("Netvigil: duty-group works again") == 2
    assert len(outage_mails(house)) == 6
    assert 'netvigil_way_up{way="duty-group"} 1.0' in running.metrics.text().decode()
    assert not any("duty-group" in each for each in troubles(house))


async def test_mail_that_fails_is_told_in_the_group_and_holds_up_no_channel(house: House, chat: Chat) -> None:
    house.sink.close()
    requested(house)
    running = Running(house)
    await running.go_on(20)
    assert states(house)["duty-group"] is LetterState.ACCEPTED
    assert states(house)["duty@example.org"] is LetterState.QUEUED
    await running.go_on(120)
    said = [each for path, each in zip(chat.paths, chat.texts(), strict=True) if "webhook" in path]
    assert [each.splitlines()[0] for each in said[1:]] == ["Netvigil：邮件通道不可用"]


async def test_letter_that_the_robot_refuses_is_dead_visibly_and_one_alone_is_no_outage(
    house: House, chat: Chat
) -> None:
    chat.answers = [{"errcode": 93000, "errmsg": "invalid webhook"}]
    requested(house)
    running = Running(house)
    await running.go_on(150)
    dead = [name for name, state in states(house).items() if state is LetterState.REFUSED]
    assert len(dead) == 1
    with house.store.reading() as disk:
        assert outages.open_now(disk) == {}


async def test_letters_of_a_channel_that_left_the_configuration_are_put_aside(house: House, chat: Chat) -> None:
    chat.always = {"errcode": -1, "errmsg": "busy"}
    requested(house)
    running = Running(house)
    await running.go_on(10)
    file = house.folder / "netvigil.toml"
    file.write_text(NETVIGIL.format(smtp=house.sink.port))
    (house.folder / "people.toml").unlink()
    running.duties.settings = loaded(house.folder, SECRETS)
    await running.go_on(10)
    assert states(house)["duty-group"] is LetterState.EXPIRED


async def test_old_letter_to_a_channel_is_given_up(house: House, chat: Chat) -> None:
    chat.always = {"errcode": -1, "errmsg": "busy"}
    file = house.folder / "netvigil.toml"
    file.write_text(file.read_text().replace('timeout = "5s"\nlang', 'give_up = "2min"\nlang'))
    house.settings = loaded(house.folder, environ(chat))
    requested(house)
    await Running(house).go_on(130, 10)
    with house.store.reading() as disk:
        first = next(each for each in letters.all_letters(disk) if each.letter.recipient == "duty-group")
    assert (first.state, first.response) == (LetterState.EXPIRED, "-1 busy")


def outage_mails(house: House) -> list:  # type: ignore[type-arg]
    return [each for each in house.sink.mails if str(each["Message-ID"]).startswith("<way.")]


def troubles(house: House) -> tuple[str, ...]:
    with house.store.reading() as disk:
        return wall(disk, house.settings, Visitor(language=Language.EN), house.clock(), None).troubles


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[channel]]\nname = "g"\nkind = "wecom"\nurl = "wecombot://KEY"', "a secret may not stand in this file"),
        ('[[channel]]\nname = "g"\nkind = "wecom"\nurl = { env = "BAD" }', "what lies there is no address"),
        ('[[channel]]\nname = "g"\nkind = "sms"\nurl = { env = "SMS" }', "needs a body"),
        ('[[channel]]\nname = "mail"\nkind = "wecom"\nurl = { env = "WECOM" }', "cannot be the name"),
        ('[[channel]]\nname = "g"\nkind = "wecom"\nurl = { env = "WECOM" }\ntimeout = "31s"', "at most 30s"),
    ],
)
def test_what_is_wrong_with_a_channel_is_said_without_its_address(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "netvigil.toml").write_text(NETVIGIL.format(smtp=25) + text)
    (tmp_path / "inventory.toml").write_text(INVENTORY)
    secrets = {
        **SECRETS,
        "WECOM": f"wecombot://{KEY}",
        "SMS": "jsons://gw.example.org/send",
        "BAD": "https://secret/place",
    }
    with pytest.raises(ConfigError) as error:
        loaded(tmp_path, secrets)
    said = "\n".join(each.reason for each in error.value.problems)
    assert words in said
    assert "secret/place" not in said
    assert "KEY" not in said.replace("wecombot://KEY,", "")


def test_channel_that_nobody_made_is_no_way_to_reach_anybody(tmp_path: Path) -> None:
    (tmp_path / "netvigil.toml").write_text(NETVIGIL.format(smtp=25))
    (tmp_path / "inventory.toml").write_text(INVENTORY)
    (tmp_path / "people.toml").write_text(FOLK)
    with pytest.raises(ConfigError, match=r'there is no channel of netvigil\.toml "sms"'):
        loaded(tmp_path, SECRETS)

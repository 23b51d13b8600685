"""Looks over SSH at our own answering side: content right at any latency, sessions closed, threads bounded."""

import asyncio
import threading
from dataclasses import replace

import pytest
from command_line import BOXES, CASES, PLATFORMS, looked_at, shell

from collectors.cli.reader import SshReader
from collectors.looks import Blind, Door, Login, Seen
from collectors.plan import Origin
from collectors.simulate.ssh import host_key, hostile, serving
from collectors.snmp.reader import Budget, Ending
from collectors.tables import Eye

LOGIN = Login(user="netvigil", password="secret")


def origins(maker: str) -> tuple[Origin, ...]:
    return PLATFORMS[BOXES[maker][1]].others[Eye.SSH]


def only(maker: str, *commands: str) -> tuple[Origin, ...]:
    return tuple(origin for origin in origins(maker) if origin.where in commands)


async def read(port: int, asked: tuple[Origin, ...], *, seconds: float = 30.0, pin: str = "", **words: object) -> Seen:
    door = Door(address="127.0.0.1", port=port, login=LOGIN, pin=pin, timeout=seconds)
    reader = SshReader()
    try:
        return await reader.read(replace(door, **words), asked, Budget(seconds=seconds))  # type: ignore[arg-type]  # words of Door
    finally:
        await reader.close()


async def says_all(seen: Seen, maker: str) -> None:
    """What came over SSH is what the same outputs say as files."""
    case, platform = BOXES[maker]
    files = await looked_at(CASES / case, platform)
    assert seen.blind is None
    for origin, rows in zip(origins(maker), seen.rows, strict=True):
        table = files.tables[origin.table]
        assert (origin.table, rows.index, rows.ended) == (origin.table, table.index, None)
        assert {name: rows.columns[oid] for name, oid in origin.oids.items()} == dict(table.columns)
    assert seen.documents == files.documents


@pytest.mark.parametrize("maker", BOXES)
async def test_every_table_says_over_ssh_what_its_output_says_as_a_file(maker: str) -> None:
    box = shell(maker)
    async with serving(box) as port:
        await says_all(await read(port, origins(maker)), maker)
        await asyncio.sleep(0.1)
        assert box.open == 0


@pytest.mark.parametrize("maker", BOXES)
@pytest.mark.parametrize(("latency", "many"), [(0.4, 6), (1.5, 2)])
async def test_content_is_right_with_latency_log_lines_and_pages(maker: str, latency: float, many: int) -> None:
    """A few commands: all of them at 1.5 s are more than half a minute, and say nothing more."""
    commands = [origin.where for origin in origins(maker)][3 : 3 + many]
    asked = only(maker, *commands)
    box = shell(maker, latency=latency, log_lines=True, page=3)
    async with serving(box) as port:
        seen = await read(port, asked, seconds=60)
    case, platform = BOXES[maker]
    files = await looked_at(CASES / case, platform)
    assert seen.blind is None
    for origin, rows in zip(asked, seen.rows, strict=True):
        assert (origin.where, rows.ended) == (origin.where, None)
        assert rows.index == files.tables[origin.table].index
        assert {name: rows.columns[oid] for name, oid in origin.oids.items()} == dict(
            files.tables[origin.table].columns
        )


@pytest.mark.parametrize("maker", BOXES)
async def test_pages_are_turned_where_they_may_not_be_switched_off(maker: str) -> None:
    box = shell(
        maker, page=3, refuses=frozenset({"screen-length 0 temporary", "screen-length disable"}), log_lines=True
    )
    async with serving(box) as port:
        await says_all(await read(port, origins(maker)), maker)


@pytest.mark.parametrize("prompt", ["HRP_M<{name}>", "RBM_P<{name}>", "[~{name}]", "[{name}]", "<{name}>"])
async def test_prompts_with_prefixes_and_chinese_names_end_an_answer(prompt: str) -> None:
    box = shell(prompt=prompt, name="核心-1", encoding="gb18030")
    async with serving(box) as port:
        seen = await read(port, only("vrp", "display fan", "display power"))
    assert [len(rows.index) for rows in seen.rows] == [3, 2]


async def test_first_login_that_asks_for_a_new_password_is_answered_no_and_told() -> None:
    question = "\r\nWarning: The initial password poses security risks.\r\nDo you want to change it? [Y/N]:"
    box = shell(question=question)
    async with serving(box) as port:
        seen = await read(port, only("vrp", "display fan"))
    assert box.answers == ["N"]
    assert (seen.blind, seen.remark, len(seen.rows[0].index)) == (None, "asks to change the password", 2)


async def test_login_that_insists_on_a_new_password_is_no_look() -> None:
    async with serving(shell(forced=True)) as port:
        assert (await read(port, only("vrp", "display fan"))).blind is Blind.PASSWORD_EXPIRED


async def test_text_in_gb18030_comes_through_whole() -> None:
    said = (CASES / "comware_irf" / "display interface brief.txt").read_text("utf-8").encode("gb18030")
    box = shell("comware")
    box.outputs = {**box.outputs, "display interface brief": said}
    async with serving(box) as port:
        (rows,) = (await read(port, only("comware", "display interface brief"))).rows
    assert len(rows.index) == 4


async def test_greeting_that_looks_like_a_prompt_is_none() -> None:
    box = shell(greeting="\n<authorised users only>\nInfo: The max number of VTY users is 5.\n[no entry]\n")
    async with serving(box) as port:
        seen = await read(port, only("vrp", "display fan"))
    assert len(seen.rows[0].index) == 2


async def test_wrong_password_and_unknown_host_and_closed_port_have_their_names() -> None:
    asked = only("vrp", "display fan")
    async with serving(shell()) as port:
        wrong = await read(port, asked, login=Login(user="netvigil", password="wrong"))
        assert wrong.blind is Blind.WRONG_PASSWORD
    assert (await read(port, asked)).blind is Blind.REFUSED
    assert (await read(port, asked, address="nowhere.invalid")).blind is Blind.UNRESOLVED


async def test_host_key_is_pinned_at_first_contact_and_another_one_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    asked, key, box = only("vrp", "display fan"), host_key(), shell()
    async with serving(box, key=key) as port:
        first = await read(port, asked)
        assert first.pin.split()[0] == "ssh-ed25519"
        assert (await read(port, asked, pin=first.pin)).blind is None
    times = len(box.asked)
    async with serving(box) as port:
        other = await read(port, asked, pin=first.pin)
    assert other.blind is Blind.WRONG_HOST_KEY
    assert "security: the host key of 127.0.0.1" in caplog.text
    assert len(box.asked) == times


async def test_pin_that_is_none_lets_nobody_in() -> None:
    async with serving(shell()) as port:
        assert (await read(port, only("vrp", "display fan"), pin="ssh-ed25519 rubbish")).blind is Blind.WRONG_HOST_KEY


async def test_switch_that_shares_no_algorithm_with_us_is_not_taken_for_one_that_is_silent() -> None:
    async with serving(shell(), kex="curve448-sha512") as port:
        assert (await read(port, only("vrp", "display fan"))).blind is Blind.NO_COMMON_ALGORITHM


async def test_switch_without_a_free_line_says_so() -> None:
    async with serving(shell(lines_at_once=0)) as port:
        assert (await read(port, only("vrp", "display fan"))).blind is Blind.NO_SESSION_LEFT


async def test_user_who_may_do_nothing_is_told_from_a_device_that_says_nothing() -> None:
    asked = only("vrp", "display fan", "display power")
    async with serving(shell(refuses=frozenset({"display fan", "display power"}))) as port:
        assert (await read(port, asked)).blind is Blind.NO_RIGHTS
    async with serving(shell(refuses=frozenset({"display fan"}))) as port:
        seen = await read(port, asked)
    assert (seen.blind, [rows.ended for rows in seen.rows]) == (None, [None, Ending.NOT_ALLOWED])


async def test_command_that_the_switch_does_not_know_is_not_given_again() -> None:
    box, asked = shell(), only("vrp", "display license verbose", "display fan")
    reader = SshReader()
    async with serving(box) as port:
        door = Door(address="127.0.0.1", port=port, login=LOGIN)
        for _ in range(2):
            seen = await reader.read(door, asked, Budget())
            assert seen.blind is None
    await reader.close()
    assert box.asked.count("display license verbose") == 1
    assert box.asked.count("display fan") == 2


HOSTILE = {
    "never prompts": Blind.BAD_ANSWER,
    "prints for ever": Blind.BAD_ANSWER,
    "escapes for ever": Blind.BAD_ANSWER,
    "hangs in authentication": Blind.BAD_ANSWER,
}


@pytest.mark.parametrize(("how", "blind"), HOSTILE.items())
async def test_switch_that_misbehaves_is_bounded_and_named(how: str, blind: Blind) -> None:
    box = shell(misbehaves=how)
    async with serving(box) as port:
        seen = await read(port, only("vrp", "display fan"), seconds=2)
        assert seen.blind is blind
        assert seen.seconds < 4.5
        await asyncio.sleep(0.2)
        assert box.open == 0


@pytest.mark.parametrize(
    ("how", "blind"), [("silent", Blind.TIMEOUT), ("drips", Blind.TIMEOUT), ("hangs up", Blind.BAD_ANSWER)]
)
async def test_port_that_is_no_switch_is_bounded_and_named(how: str, blind: Blind) -> None:
    async with hostile(how) as port:
        seen = await read(port, only("vrp", "display fan"), seconds=2)
    assert seen.blind is blind
    assert seen.seconds < 4.5


async def test_way_in_is_bounded_although_the_whole_may_take_longer() -> None:
    asked = only("vrp", "display fan")
    async with serving(shell(misbehaves="never prompts")) as port, hostile("silent") as silent:
        reader = SshReader()
        doors = [Door(address="127.0.0.1", port=each, login=LOGIN, timeout=1) for each in (port, silent)]
        seen = await asyncio.gather(*(reader.read(door, asked, Budget(seconds=20)) for door in doors))
        await reader.close()
    assert [each.blind for each in seen] == [Blind.BAD_ANSWER, Blind.TIMEOUT]
    assert max(each.seconds for each in seen) < 3.5


async def test_command_that_takes_too_long_ends_the_session() -> None:
    async with serving(shell(misbehaves="hangs in a command")) as port:
        reader = SshReader()
        door = Door(address="127.0.0.1", port=port, login=LOGIN, timeout=1)
        seen = await reader.read(door, only("vrp", "display fan", "display power"), Budget(seconds=20))
        await reader.close()
    assert {rows.ended for rows in seen.rows} == {Ending.WALL_TIME}
    assert seen.seconds < 3.5


async def test_switch_that_hangs_at_the_login_and_in_a_command_has_not_twice_the_time() -> None:
    async with serving(shell(misbehaves="hangs in a command", slow_login=2)) as port:
        reader = SshReader()
        door = Door(address="127.0.0.1", port=port, login=LOGIN, timeout=3)
        seen = await reader.read(door, only("vrp", "display fan", "display power"), Budget(seconds=20))
        await reader.close()
    assert {rows.ended for rows in seen.rows} == {Ending.WALL_TIME}
    assert seen.seconds < 4.5


async def test_switch_that_drips_at_the_login_and_in_a_command_has_not_twice_the_time() -> None:
    box = shell(misbehaves="drips", drips=2.0)
    async with serving(box) as port:
        reader = SshReader()
        door = Door(address="127.0.0.1", port=port, login=LOGIN, timeout=3)
        seen = await reader.read(door, only("vrp", "display fan", "display power"), Budget(seconds=20))
        await reader.close()
        await asyncio.sleep(0.2)
        assert box.open == 0
    if seen.blind is None:  # a busy machine drips longer than it was told to, and does not get past the login
        assert {rows.ended for rows in seen.rows} == {Ending.WALL_TIME}
    assert seen.blind in {None, Blind.BAD_ANSWER}
    assert seen.seconds < 4.5


async def test_switch_that_prints_for_ever_in_a_command_is_cut_and_its_tables_are_unknown() -> None:
    async with serving(shell(misbehaves="prints for ever in a command")) as port:
        reader = SshReader()
        door = Door(address="127.0.0.1", port=port, login=LOGIN, timeout=3)
        seen = await reader.read(door, only("vrp", "display fan", "display power"), Budget(seconds=20))
        await reader.close()
    assert seen.blind is None
    assert {rows.ended for rows in seen.rows} <= {Ending.WALL_TIME, Ending.BYTES}
    assert None not in {rows.ended for rows in seen.rows}
    assert seen.seconds < 4.5


async def test_switch_that_hangs_in_a_command_leaves_its_tables_unknown() -> None:
    async with serving(shell(misbehaves="hangs in a command")) as port:
        seen = await read(port, only("vrp", "display fan", "display power"), seconds=2)
    assert seen.blind is None
    assert {rows.ended for rows in seen.rows} == {Ending.WALL_TIME}


async def test_hostile_switches_do_not_disturb_the_others_and_threads_stay_bounded() -> None:
    good = shell()
    async with hostile("silent") as silent, hostile("drips") as drips, serving(good) as port:
        reader = SshReader(threads=6)
        before = threading.active_count()
        doors = [Door(address="127.0.0.1", port=each, login=LOGIN) for each in [silent, drips, port, port] * 3]
        looks = [reader.read(door, only("vrp", "display fan"), Budget(seconds=3)) for door in doors]
        most = 0

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, threading.active_count())
                await asyncio.sleep(0.02)

        watching = asyncio.create_task(watch())
        seen = await asyncio.gather(*looks)
        watching.cancel()
        await reader.close()
    assert [each.blind for each in seen] == [Blind.TIMEOUT, Blind.TIMEOUT, None, None] * 3
    assert all(len(each.rows[0].index) == 2 for each in seen if each.blind is None)
    assert most - before <= 18  # a thread of ours for each session, one of paramiko's, and some that are just ending
    assert good.most <= 5


async def test_look_that_is_given_up_closes_its_session() -> None:
    box = shell(latency=0.5)
    async with serving(box) as port:
        reader = SshReader()
        door = Door(address="127.0.0.1", port=port, login=LOGIN)
        task = asyncio.create_task(reader.read(door, origins("vrp"), Budget()))
        await asyncio.sleep(1.5)
        assert box.open == 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.3)
        assert box.open == 0
        await reader.close()

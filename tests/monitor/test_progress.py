from datetime import UTC, datetime, timedelta

from monitor.model import Language
from monitor.progress import Progress

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def progress() -> Progress:
    return Progress({"visits": timedelta(minutes=5), "duties": timedelta(seconds=30)}, NOON)


def test_daemon_that_just_started_is_in_no_trouble() -> None:
    assert progress().trouble(NOON + timedelta(seconds=30)) is None


def test_work_that_stands_still_is_named_while_other_work_gets_on() -> None:
    made = progress()
    made.made("visits", NOON + timedelta(seconds=50))
    assert made.trouble(NOON + timedelta(seconds=60)) == "duties: nothing done for 60 s, 30 s allowed"
    said = made.trouble(NOON + timedelta(seconds=60), Language.ZH_CN)
    assert said == "定时任务已 60 秒没有进展（最多允许 30 秒）"


def test_work_that_gets_on_again_ends_the_trouble() -> None:
    made = progress()
    made.made("visits", NOON + timedelta(seconds=50))
    made.made("duties", NOON + timedelta(seconds=50))
    assert made.trouble(NOON + timedelta(seconds=60)) is None

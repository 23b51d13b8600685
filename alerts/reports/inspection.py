"""The monthly inspection report: what was stored of one site in one month, as one HTML file that stands alone.

`InspectionMonth` (month.py) is all that the report knows; made again from the same value it is the same to the byte.
Sections and their order follow what is customary for such a report (巡检报告); every conclusion carries its evidence.
"""

from collections import Counter

from alerts.locale import wall, words
from alerts.reports import findings
from alerts.reports.month import DeviceMonth, InspectionMonth, TicketMonth, fingerprint
from alerts.reports.results import Result
from alerts.reports.sheets import MARKS, sheet
from alerts.templates import rendered
from monitor.model import FaultState, Language

__all__ = ["DeviceMonth", "InspectionMonth", "TicketMonth", "fingerprint", "inspection"]

_SHOWN = (
    Result.NORMAL,
    Result.ATTENTION,
    Result.ABNORMAL,
    Result.NOT_CHECKED,
    Result.RECORDED,
    Result.NOT_APPLICABLE,
)


def inspection(month: InspectionMonth, language: Language) -> str:
    """The report of `month` in `language`."""
    said = words(language)
    zone = month.site.zone
    open_keys = {fault.key for fault in month.faults if fault.state is not FaultState.CLEARED}
    devices = sorted(month.devices, key=lambda each: each.device.name)
    sheets = [
        sheet(each.device, each.checks, open_keys, said, zone, reached=each.reached, last_seen=each.last_seen)
        for each in devices
    ]
    counts = Counter(dict.fromkeys(Result, 0))
    for each in sheets:
        counts.update(each.counts)
    faults = sorted(
        (fault for fault in month.faults if fault.state is not FaultState.SUSPECTED),
        key=lambda fault: (fault.level, fault.opened_at or fault.first_seen, fault.key),
    )
    return rendered(
        "inspection.html",
        label=said.table["report"],
        lang=language.value.replace("_", "-"),
        month=month,
        number=f"{month.site.customer}-{month.site.name}-{month.month}",
        made=wall(month.generated_at, zone),
        scope=said.said(
            "report",
            "scope_said",
            devices=str(len(devices)),
            reached=str(sum(each.reached for each in devices)),
            unreached=str(sum(not each.reached for each in devices)),
        ),
        times=said.said("report", "times", zone=zone),
        gaps=[gap for each in devices for gap in findings.gaps(each, said, zone)],
        conclusion=findings.conclusion(counts, sum(not each.reached for each in devices), said),
        counts=[(MARKS[result], said.said("report", result.value), counts[result]) for result in _SHOWN],
        risks=findings.risks(faults, sheets, said, zone),
        devices=[findings.device_row(each, one, said, zone) for each, one in zip(devices, sheets, strict=True)],
        events=[findings.event_row(event, month.devices, said, zone) for event in month.events],
        sheets=sheets,
        faults=[findings.fault_row(fault, said, zone) for fault in faults],
        tickets=[
            findings.ticket_row(each, said, zone) for each in sorted(month.tickets, key=lambda each: each.ticket.id)
        ],
        clocks_total=findings.clocks_total(month.tickets, said),
        hash=fingerprint(month),
    )

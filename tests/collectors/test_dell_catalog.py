# ruff: noqa: E501 - lines of a catalogue as they are
"""Dell's update catalogue: what is older than its newest BIOS or controller lacks what Dell calls urgent."""

import pytest

from alerts.notices.exposure import exposed
from alerts.notices.installed import installed
from collectors.feeds.fields import NotAnAdvisoryError
from collectors.feeds.reader import advisories

CATALOG = """<?xml version="1.0" encoding="utf-16"?>
<Manifest baseLocation="downloads.dell.com" dateTime="2026-11-18T09:00:00+05:30" version="26.11.00">
  <SoftwareComponent dateTime="2026-10-07T09:00:00+05:30" packageID="K2XVH" path="FOLDER1/1/BIOS_K2XVH.EXE" vendorVersion="2.22.2">
    <Name><Display lang="en"><![CDATA[Dell Server BIOS PowerEdge R640/R740 Version 2.22.2]]></Display></Name>
    <ComponentType value="BIOS"><Display lang="en"><![CDATA[BIOS]]></Display></ComponentType>
    <Description><Display lang="en"><![CDATA[A processor may stop &amp; restart <b>.]]></Display></Description>
    <Criticality value="{bios}"><Display lang="en"><![CDATA[Urgent]]></Display></Criticality>
    <SupportedSystems><Brand key="3" prefix="PE"><Display lang="en"><![CDATA[PowerEdge]]></Display>
      <Model systemID="0716"><Display lang="en"><![CDATA[R640]]></Display></Model>
      <Model systemID="0715"><Display lang="en"><![CDATA[R740]]></Display></Model></Brand></SupportedSystems>
  </SoftwareComponent>
  <SoftwareComponent dateTime="2026-09-07T09:00:00+05:30" packageID="9VVWF" path="F/iDRAC.EXE" vendorVersion="7.00.00.174">
    <Name><Display lang="en"><![CDATA[iDRAC with Lifecycle Controller]]></Display></Name>
    <ComponentType value="FRMW"><Display lang="en"><![CDATA[Firmware]]></Display></ComponentType>
    <Criticality value="1"><Display lang="en"><![CDATA[Recommended]]></Display></Criticality>
    <SupportedSystems><Brand key="3" prefix="PE"><Display lang="en"><![CDATA[PowerEdge]]></Display>
      <Model systemID="0716"><Display lang="en"><![CDATA[R640]]></Display></Model></Brand></SupportedSystems>
  </SoftwareComponent>
  <SoftwareComponent packageID="X" path="F/nic.EXE" vendorVersion="1.2"><Name><Display lang="en">NIC</Display></Name>
    <ComponentType value="FRMW"/><Criticality value="2"/></SoftwareComponent>
</Manifest>"""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8"])
def test_older_firmware_is_affected_and_newer_is_not(encoding: str) -> None:
    text = CATALOG.format(bios=2)
    raw = text.replace("utf-16", "utf-8").encode() if encoding == "utf-8" else text.encode(encoding)
    if encoding == "utf-16-le":
        raw = b"\xff\xfe" + raw
    bios, controller = advisories(raw)
    assert (bios.name, bios.published) == ("DELL-CATALOG BIOS K2XVH 2.22.2", "2026-10-07T09:00:00+05:30")
    assert any("may stop" in each for each in bios.remedies)
    told = {
        (each.name.split()[1], platform, model, version): exposed(
            each, installed(platform, model, version)
        ).verdict.value
        for each in (bios, controller)
        for platform, model, version in (
            ("bios", "PowerEdge R740", "2.19.1"),
            ("bios", "PowerEdge R740", "2.22.2"),
            ("bios", "PowerEdge R750", "1.1.1"),
            ("dell_idrac", "PowerEdge R640", "6.10.30.00"),
            ("dell_idrac", "PowerEdge R640", "7.00.00.174"),
            ("dell_idrac", "PowerEdge R740", "6.10.30.00"),
        )
    }
    assert told == {
        ("BIOS", "bios", "PowerEdge R740", "2.19.1"): "affected",
        ("BIOS", "bios", "PowerEdge R740", "2.22.2"): "not_affected",
        ("BIOS", "bios", "PowerEdge R750", "1.1.1"): "not_applicable",
        ("BIOS", "dell_idrac", "PowerEdge R640", "6.10.30.00"): "not_applicable",
        ("BIOS", "dell_idrac", "PowerEdge R640", "7.00.00.174"): "not_applicable",
        ("BIOS", "dell_idrac", "PowerEdge R740", "6.10.30.00"): "not_applicable",
        ("iDRAC", "bios", "PowerEdge R740", "2.19.1"): "not_applicable",
        ("iDRAC", "bios", "PowerEdge R740", "2.22.2"): "not_applicable",
        ("iDRAC", "bios", "PowerEdge R750", "1.1.1"): "not_applicable",
        ("iDRAC", "dell_idrac", "PowerEdge R640", "6.10.30.00"): "affected",
        ("iDRAC", "dell_idrac", "PowerEdge R640", "7.00.00.174"): "not_affected",
        ("iDRAC", "dell_idrac", "PowerEdge R740", "6.10.30.00"): "not_applicable",
    }


def test_what_dell_calls_optional_is_no_advisory() -> None:
    (controller,) = advisories(CATALOG.format(bios=3).encode("utf-16"))
    assert "iDRAC" in controller.name


def test_a_catalogue_that_is_cut_off_is_refused() -> None:
    raw = CATALOG.format(bios=2).encode("utf-16")
    with pytest.raises(NotAnAdvisoryError, match="not XML"):
        advisories(raw[: len(raw) // 2])

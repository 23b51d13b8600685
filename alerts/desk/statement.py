"""What a hardware ticket says of the part and the unit that failed: part, serial, warranty, who pays, the spare.

The makers say that two things speed repair (3.2): to judge exactly which part failed, and to replace it quickly.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date

from alerts.desk.assets import Asset
from alerts.desk.contract import Contract
from alerts.desk.spares import Offer
from alerts.desk.warranty import Charged, Guarantee, charged, ends, maker_of, phase, three_guarantees
from alerts.locale import words
from monitor.model import Component, Language, Text

_GUARANTEES = {
    Guarantee.REFUND: Text(en="refund", zh_CN="退货"),
    Guarantee.REPLACEMENT: Text(en="replacement of the unit", zh_CN="更换整机"),
    Guarantee.EXCHANGE: Text(en="exchange or repair", zh_CN="换货或修理"),
}
_UNKNOWN = Text(en="unknown", zh_CN="未知")


def statement(
    asset: Asset | None,
    parts: Sequence[Component],
    spares: Sequence[Offer],
    contract: Contract,
    today: date,
    repairs: Collection[date] = (),
) -> tuple[Text, ...]:
    """What is to be said of a hardware ticket, a line each; what nobody knows is said to be unknown.

    `asset` is the unit that holds the `parts` which failed, None where the asset file does not tell; `spares` what the
    stores have for them; `repairs` the days of those repairs of the unit that other tickets brought.
    """
    return tuple(_lines(asset, parts, spares, contract, today, repairs))


def _lines(
    asset: Asset | None,
    parts: Sequence[Component],
    spares: Sequence[Offer],
    contract: Contract,
    today: date,
    repairs: Collection[date],
) -> Iterator[Text]:
    for part in parts:
        yield _part(part)
    if asset is None:
        yield Text(
            en="Unit: the asset file does not tell; warranty and charges unknown",
            zh_CN="设备：用户档案无法确定；保修与收费未知",
        )
    else:
        yield _unit(asset)
        yield _warranty(asset, contract, today)
        yield charge(charged(asset.dates, asset.maker, contract, today), contract)
        for one in three_guarantees(asset.delivered, repairs, contract.three_guarantees, today):
            what = _GUARANTEES[one.guarantee]
            yield Text(
                en=f"Three guarantees: {what.en}: {one.reason.en} (contract 2.1)",
                zh_CN=f"三包：{what.zh_CN}：{one.reason.zh_CN}（合同 2.1）",
            )
    if not spares:
        yield Text(en="Spare: none in any store", zh_CN="备件：各备件库均无")
    for offer in spares:
        yield _spare(offer)


def _part(part: Component) -> Text:
    en, zh = (words(language).part(part) for language in (Language.EN, Language.ZH_CN))
    slot = part.slot if part.slot and part.slot not in part.label else ""
    return Text(
        en=f"Part: {en}"
        + (f", slot {slot}" if slot else "")
        + (f", model {part.model}" if part.model else "")
        + f", part number {part.part_number or _UNKNOWN.en}, serial number {part.serial or _UNKNOWN.en}",
        zh_CN=f"部件：{zh}"
        + (f"，槽位 {slot}" if slot else "")
        + (f"，型号 {part.model}" if part.model else "")
        + f"，部件号 {part.part_number or _UNKNOWN.zh_CN}，序列号 {part.serial or _UNKNOWN.zh_CN}",
    )


def _unit(asset: Asset) -> Text:
    return Text(
        en=f"Unit: model {asset.model or _UNKNOWN.en}, serial number or service tag {asset.serial}",
        zh_CN=f"设备：型号 {asset.model or _UNKNOWN.zh_CN}，序列号或服务标签 {asset.serial}",
    )


def _warranty(asset: Asset, contract: Contract, today: date) -> Text:
    until = ends(asset.dates, asset.maker, contract)
    maker = contract.makers.get(maker_of(asset.maker, contract))
    title = maker.title if maker else Text(en=asset.maker, zh_CN=asset.maker)
    now = phase(asset.dates, asset.maker, contract, today)
    called = next((each.title for each in contract.phases if now and each.name == now.value), _UNKNOWN)
    by_maker, by_us = _end(until.maker, today), _end(until.engineering, today)
    return Text(
        en=f"Maker's warranty{f' ({title.en})' if title.en else ''}: {by_maker.en}; "
        f"engineering warranty: {by_us.en}; phase: {called.en}",
        zh_CN=f"厂家保修{f'（{title.zh_CN}）' if title.zh_CN else ''}：{by_maker.zh_CN}；"
        f"工程质保：{by_us.zh_CN}；阶段：{called.zh_CN}",
    )


def _end(day: date | None, today: date) -> Text:
    if day is None:
        return _UNKNOWN
    if today <= day:
        return Text(en=f"until {day}", zh_CN=f"至 {day}")
    return Text(en=f"ended on {day}", zh_CN=f"已于 {day} 届满")


def charge(one: Charged, contract: Contract) -> Text:
    """Who pays, why, and by which section of the contract."""
    parts, labour = _paid(one.parts), _paid(one.labour)
    capped = bool(one.parts) and contract.warranty.parts_at_contract_price
    section = (f"; contract {one.section}", f"；合同 {one.section}") if one.section else ("", "")
    return Text(
        en=f"Parts: {parts.en}{', at no more than the contract price' if capped else ''}; labour: {labour.en} "
        f"({one.reason.en}{section[0]})",
        zh_CN=f"材料费：{parts.zh_CN}{'，不高于合同价' if capped else ''}；服务费：{labour.zh_CN}"
        f"（{one.reason.zh_CN}{section[1]}）",
    )


def _paid(is_charged: bool | None) -> Text:  # noqa: FBT001 - three-valued, not a switch
    if is_charged is None:
        return _UNKNOWN
    return Text(en="charged", zh_CN="收费") if is_charged else Text(en="free", zh_CN="免费")


def _spare(offer: Offer) -> Text:
    spare, store = offer.spare, offer.store
    what = " ".join(filter(None, (spare.part_number, spare.description)))
    place = store.title or store.name
    return Text(
        en=f"Spare: {offer.quantity} in {place}: {spare.name} {what}"
        + (f", serial number {spare.serial}" if spare.serial else "")
        + ("" if offer.is_same else ", for this model, another part number"),
        zh_CN=f"备件：{place} 有 {offer.quantity} 件：{spare.name} {what}"
        + (f"，序列号 {spare.serial}" if spare.serial else "")
        + ("" if offer.is_same else "，适用该型号，部件号不同"),
    )

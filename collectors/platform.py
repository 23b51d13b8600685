"""What a platform file says, ready for visits: one request to send, and how to read the answer.

`PlatformFile` (words.py) is the door; `platforms` looks up every name in it once, so that visits only compute.
"""

import importlib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from collectors.cli.parse import WORD, template_words
from collectors.identify import SYSTEM
from collectors.plan import (
    AlarmList,
    Alarms,
    Conditions,
    Fact,
    IdentitySource,
    Log,
    MemoryErrorRule,
    Number,
    Origin,
    Part,
    Platform,
    Question,
    Ref,
    Rule,
    ShoutRule,
    Template,
)
from collectors.snmp.reader import Request
from collectors.tables import Eye, Quirk
from collectors.words import (
    DOTTED,
    AlarmWords,
    FactWords,
    Fru,
    IdentitySources,
    Idle,
    Join,
    LimitsWords,
    LimitWords,
    LogWords,
    MemoryErrorWords,
    PartWords,
    PlatformFile,
    Rules,
    ShoutWords,
    Source,
    StateMap,
    TableWords,
    TextWords,
)

__all__ = ["Platform", "PlatformFile", "platforms"]

UNITS: Mapping[str, str] = {
    "temperature": "celsius",
    "voltage": "volts",
    "current": "amperes",
    "power": "watts",
    "speed": "rpm",
    "usage": "ratio",
    "rx_power": "dbm",
    "tx_power": "dbm",
    "bias_current": "amperes",
    "endurance": "ratio",
    "progress": "ratio",
    "signal": "dbm",
    "expires": "timestamp",
}


def platforms(files: Mapping[str, PlatformFile]) -> dict[str, Platform]:
    """The platforms of `files` by name (the file's, without ".toml"), each with what it extends.

    Raises ValueError that names file, key and what is allowed there.
    """
    return {name: _Plan(name, _whole(name, files)).platform() for name in files}


def _whole(name: str, files: Mapping[str, PlatformFile], above: tuple[str, ...] = ()) -> PlatformFile:
    file = files[name]
    if not file.extends:
        return file
    if file.extends not in files or file.extends in (*above, name):
        raise ValueError(f'{name}.toml: extends: there is no other platform "{file.extends}"')
    base = _whole(file.extends, files, (*above, name))
    own, under = file.identity, base.identity
    identity = {word: getattr(own, word) + getattr(under, word) for word in IdentitySources.model_fields}
    return file.model_copy(
        update={
            "identity": IdentitySources(**identity),
            "skip": base.skip + file.skip,
            "secrets": base.secrets + file.secrets,
            "tables": base.tables | file.tables,
            "states": base.states | file.states,
            "fru": base.fru | file.fru,
            "parts": base.parts + file.parts,
            "logs": base.logs + file.logs,
            "alarms": base.alarms + file.alarms,
            "shouts": file.shouts + base.shouts,
            "diagnosis": base.diagnosis + file.diagnosis,
            "memory_errors": file.memory_errors + base.memory_errors,
        }
    )


_RESOURCES = re.compile(r"/redfish/v1(/[\w.*-]+)*(#(/\w+)+/\*(/\w+)*)?")
_PIECES = re.compile(r"\{([^{}]*)\}")


class _Plan:
    """Turns one file into a Platform; knows where it is, so that an error can say so."""

    def __init__(self, name: str, file: PlatformFile) -> None:
        self.name, self.file = name, file
        self.joins: Mapping[str, Join] = {}

    def wrong(self, key: str, what: str, allowed: Iterable[str] = ()) -> ValueError:
        choice = f" (there is: {', '.join(sorted(allowed))})" if allowed else ""
        return ValueError(f"{self.name}.toml: {key}: {what}{choice}")

    def platform(self) -> Platform:
        file, rule = self.file, self.file.identify
        self.table_names = set(file.tables)
        origins, tables, scalars = self.origins()
        identity = {
            word: tuple(self.source(f"identity.{word}", source) for source in getattr(file.identity, word))
            for word in IdentitySources.model_fields
        }
        scalars += [source.scalar for sources in identity.values() for source in sources if source.scalar]
        parts = [self.part(f"parts[{n}] ({p.table}, {p.kind})", p) for n, p in enumerate(file.parts)]
        return Platform(
            name=self.name,
            title=file.title or self.name,
            vendor=file.vendor,
            object_ids=rule.object_ids,
            not_object_ids=rule.not_object_ids,
            description=self.pattern("identify.description", rule.description),
            not_description=self.pattern("identify.not_description", rule.not_description),
            identity=identity,
            request=Request(scalars=tuple(dict.fromkeys((*SYSTEM, *scalars))), tables=tuple(tables)),
            origins=tuple(origins),
            others=self.others(),
            redfish=self.pattern("identify.redfish", rule.redfish),
            secrets=file.secrets,
            parts=tuple(sorted(parts, key=lambda part: self.rank(part.table))),
            alarms=tuple(self.alarms(f"alarms[{n}] ({words.label})", words) for n, words in enumerate(file.alarms)),
            logs=tuple(self.log(f"logs[{n}] ({log.name})", log) for n, log in enumerate(file.logs)),
            diagnosis=tuple(
                Question(
                    kinds=frozenset(each.kind),
                    commands=each.commands,
                    resources=each.resources,
                    entries=each.entries,
                )
                for each in file.diagnosis
            ),
            memory_errors=tuple(
                self.memory_error(f"memory_errors[{n}]", words) for n, words in enumerate(file.memory_errors)
            ),
            shouts=tuple(self.shout(f"shouts[{n}] ({s.kind})", s) for n, s in enumerate(file.shouts)),
        )

    def rank(self, table: str) -> int:
        """Where several eyes see the same part, SNMP is heard first: it is asked at each visit, the others seldom."""
        return list(Eye).index(self.eye(table, self.file.tables[table]))

    def origins(self) -> tuple[list[Origin], list[tuple[str, ...]], list[str]]:
        origins, tables, scalars = list[Origin](), list[tuple[str, ...]](), list[str]()
        for name, words in self.file.tables.items():
            if self.eye(name, words) is not Eye.SNMP:
                continue
            for root in (words.oid, *words.also):
                oids = {column: self.oid(name, root, written) for column, written in words.columns.items()}
                origins.append(
                    self.origin(name, words, Eye.SNMP, oids, -1 if words.single or words.count else len(tables))
                )
                if words.count:
                    scalars.append(words.count)
                elif words.single:
                    scalars += [f"{oid}.0" for oid in oids.values()]
                else:
                    tables.append(tuple(oids.values()))
        return origins, tables, scalars

    def others(self) -> dict[Eye, tuple[Origin, ...]]:
        """What the other eyes see, by eye, in the order of the file."""
        found: dict[Eye, list[Origin]] = {}
        for name, words in self.file.tables.items():
            eye = self.eye(name, words)
            if eye is not Eye.SNMP:
                of_eye = found.setdefault(eye, [])
                pointers = {column: self.pointer(name, words, str(told)) for column, told in words.columns.items()}
                if eye is Eye.REDFISH:
                    self.check_redfish(name, words, pointers)
                of_eye.append(self.origin(name, words, eye, pointers, len(of_eye)))
        return {eye: tuple(of_eye) for eye, of_eye in found.items()}

    def check_redfish(self, name: str, words: TableWords, pointers: Mapping[str, str]) -> None:
        """Raises ValueError where a path, a pointer or a table to be empty is none."""
        if not _RESOURCES.fullmatch(words.redfish):
            raise self.wrong(f"tables.{name}.redfish", f'"{words.redfish}" is not like "/redfish/v1/Chassis/*#/Fans/*"')
        for column, pointer in pointers.items():
            if not pointer.startswith("/"):
                raise self.wrong(f"tables.{name}.columns.{column}", f'"{pointer}" is not a JSON pointer')
        for other in words.if_empty:
            self.check_table(f"tables.{name}.if_empty", other)
            if self.file.tables[other].every != words.every or not self.file.tables[other].redfish:
                raise self.wrong(f"tables.{name}.if_empty", f'"{other}" is not asked together with it')

    def pointer(self, name: str, words: TableWords, written: str) -> str:
        """Where a column stands: a JSON pointer, or a word of the template below its command."""
        if not words.command:
            return written
        try:
            known = template_words(words.template)
        except (OSError, ValueError) as error:
            raise self.wrong(f"tables.{name}.template", f'"{words.template}": {error}') from None
        if written not in known:
            raise self.wrong(f"tables.{name}.columns", f'the template has no word "{written}"', known)
        return f"{words.command}{WORD}{written}"

    def eye(self, name: str, words: TableWords) -> Eye:
        """How the table is seen. Raises ValueError where the file does not say, or says it twice."""
        written = {Eye.SNMP: words.oid, Eye.REDFISH: words.redfish, Eye.SSH: words.command}
        eyes = [eye for eye, where in written.items() if where]
        if len(eyes) != 1:
            raise self.wrong(f"tables.{name}", "write one of oid, redfish and command")
        if eyes[0] is not Eye.SNMP and (words.single or words.also or words.count):
            raise self.wrong(f"tables.{name}", "single, also and count are words of SNMP")
        if (words.if_empty or words.gone or words.pages) and eyes[0] is not Eye.REDFISH:
            raise self.wrong(f"tables.{name}", "if_empty, gone and pages are words of Redfish")
        if words.known_by and not words.gone:
            raise self.wrong(f"tables.{name}", "known_by says which row is gone: leave it out, or write gone")
        for column in (*words.gone, *words.known_by):
            self.check_column(f"tables.{name}.gone", name, column)
        if words.single and (words.every or words.may_fill):
            raise self.wrong(f"tables.{name}", "scalars are asked at every visit: leave out every and may_fill")
        if (words.template != "") is not (eyes[0] is Eye.SSH):
            raise self.wrong(f"tables.{name}", "a command has a template, and nothing else has one")
        return eyes[0]

    def oid(self, name: str, root: str, written: int | str) -> str:
        if isinstance(written, int):
            return f"{root}.{written}"
        if not DOTTED.fullmatch(written):
            raise self.wrong(f"tables.{name}.columns", f'"{written}" is neither a column number nor a dotted OID')
        return written

    def origin(self, name: str, words: TableWords, eye: Eye, oids: Mapping[str, str], position: int) -> Origin:
        return Origin(
            table=name,
            single=words.single,
            oids=oids,
            position=position,
            every=words.every.total_seconds(),
            may_fill=words.may_fill,
            eye=eye,
            where=words.redfish or words.command,
            template=words.template,
            instead_of=self.instead_of(name, words, eye),
            if_empty=words.if_empty,
            gone=words.gone,
            known_by=words.known_by,
            pages=words.pages,
            count=words.count,
            row=words.row,
        )

    def instead_of(self, name: str, words: TableWords, eye: Eye) -> tuple[str, str] | None:
        """The table and the column for which this table stands in. Raises ValueError where they are none."""
        if not words.instead_of:
            return None
        table, _, column = words.instead_of.partition(".")
        key = f"tables.{name}.instead_of"
        self.check_table(key, table)
        self.check_column(key, table, column)
        if eye is not Eye.SNMP or words.single or words.count:
            raise self.wrong(key, "this is for tables of SNMP that are read whole")
        return table, column

    def source(self, key: str, words: Source) -> IdentitySource:
        if bool(words.scalar) == bool(words.table):
            raise self.wrong(key, "write either scalar, or table and column")
        if words.table:
            self.check_table(f"{key}.table", words.table)
            self.check_column(f"{key}.column", words.table, words.column)
        return IdentitySource(
            scalar=words.scalar,
            table=words.table,
            column=words.column,
            where=self.rules(f"{key}.where", words.table, words.where),
            pattern=self.pattern(f"{key}.pattern", words.pattern),
            text=words.text,
        )

    def part(self, key: str, words: PartWords) -> Part:
        self.check_table(f"{key}.table", words.table)
        joins = {name: Join(table=name) for name in self.file.tables if name != words.table} | words.joins
        self.joins = joins
        for name, join in joins.items():
            self.check_table(f"{key}.joins.{name}.table", join.table)
            if join.column:
                self.check_column(f"{key}.joins.{name}.column", join.table, join.column)
        if isinstance(words.fru, str) and words.fru and words.fru not in self.file.fru:
            raise self.wrong(f"{key}.fru", f'no FRU data are named "{words.fru}"', self.file.fru)
        fru = self.file.fru.get(words.fru, Fru()) if isinstance(words.fru, str) else words.fru
        return Part(
            table=words.table,
            kind=words.kind,
            label=self.templates(f"{key}.label", words.table, words.label),
            fru={f: self.templates(f"{key}.fru.{f}", words.table, getattr(fru, f)) for f in Fru.model_fields},
            joins={
                n: (j.table, self.ref(f"{key}.joins.{n}.by", words.table, j.by), j.column) for n, j in joins.items()
            },
            when=self.conditions(key, words.table, words),
            present=self.rules(f"{key}.present", words.table, words.present),
            facts=tuple(self.fact(f"{key}.facts[{n}]", words.table, fact) for n, fact in enumerate(words.facts)),
        )

    def shout(self, key: str, words: ShoutWords) -> ShoutRule:
        if not words.trap and not words.log:
            raise self.wrong(key, "write trap, log or both")
        log = self.pattern(f"{key}.log", words.log)
        self.check_blanks(f"{key}.label", words.label, {*words.values, *(log.groupindex if log else ())})
        return ShoutRule(
            traps=words.trap,
            log=log,
            kind=words.kind,
            label=words.label,
            values=words.values,
            condition=words.condition,
            event=words.event,
        )

    def check_blanks(self, key: str, templates: Iterable[str], known: Collection[str]) -> None:
        for template in templates:
            for name in _PIECES.findall(template):
                if name not in known:
                    raise self.wrong(key, f'"{name}" is neither a value nor a named group of log', known)

    def memory_error(self, key: str, words: MemoryErrorWords) -> MemoryErrorRule:
        log = self.pattern(f"{key}.log", words.log)
        if log is None:
            raise self.wrong(f"{key}.log", "write by what the line is known")
        self.check_blanks(f"{key}.label", words.label, log.groupindex)
        return MemoryErrorRule(log=log, label=words.label, tells=words.tells)

    def fact(self, key: str, table: str, words: FactWords) -> Fact:
        claims = [claim for claim in ("states", "bits", "flags") if getattr(words, claim)]
        if len(claims) > 1:
            raise self.wrong(key, "a fact has one of states, bits and flags")
        named = getattr(words, claims[0]) if claims else {}
        if isinstance(named, str) and named not in self.file.states:
            raise self.wrong(f"{key}.{claims[0]}", f'no states are named "{named}"', self.file.states)
        numbers = LimitWords(column=words.column, divisor=words.divisor, skip=words.skip, quirk=words.quirk)
        if words.counts_from:
            self.check_table(f"{key}.counts_from.table", words.counts_from.table)
        return Fact(
            aspect=words.aspect,
            unit="" if claims else words.unit if words.unit is not None else UNITS.get(words.aspect, ""),
            number=self.number(key, table, numbers, 1, numeric=not claims),
            label=self.templates(f"{key}.label", table, words.label),
            claim=claims[0] if claims else "",  # type: ignore[arg-type]  # one of the three names above
            states=self.file.states[named] if isinstance(named, str) else named,
            lanes=words.lanes,
            idle=frozenset(str(value) for value in words.idle),
            limits={
                name: tuple(
                    self.number(
                        f"{key}.limits.{name}",
                        table,
                        LimitWords(column=limit) if isinstance(limit, str) else limit,
                        words.divisor,
                    )
                    for limit in getattr(words.limits, name)
                )
                for name in LimitsWords.model_fields
                if getattr(words.limits, name)
            },
            when=self.conditions(key, table, words),
            counts_if=self.rules(f"{key}.counts_if", table, words.counts_if),
            counts_from=(words.counts_from.table, words.counts_from.rows) if words.counts_from else ("", 0),
            idle_if=self.idle(f"{key}.idle_if", words.idle_if) if words.idle_if else ("", ()),
        )

    def idle(self, key: str, words: Idle) -> tuple[str, tuple[Rule, ...]]:
        self.check_table(f"{key}.table", words.table)
        for column in words.where:
            self.check_column(f"{key}.where", words.table, column)
        return words.table, self.rules(f"{key}.where", words.table, words.where)

    def log(self, key: str, words: LogWords) -> Log:
        self.check_table(f"{key}.table", words.table)
        for name in (words.record, words.time, words.severity, *words.text):
            if name:
                self.check_column(key, words.table, name)
        for name in words.if_empty:
            self.check_table(f"{key}.if_empty", name)
        return Log(
            table=words.table,
            if_empty=words.if_empty,
            name=words.name,
            record=words.record,
            time=words.time,
            utc=words.utc,
            severity=words.severity,
            states=self.states(f"{key}.states", words.states),
            text=words.text,
        )

    def alarms(self, key: str, words: AlarmWords) -> AlarmList:
        self.check_table(f"{key}.table", words.table)
        self.check_table(f"{key}.kept_by", words.kept_by)
        quirk: Alarms = self.function(f"{key}.quirk", words.quirk)
        return AlarmList(
            table=words.table,
            kept_by=words.kept_by,
            label=words.label,
            quirk=quirk,
            states=self.states(f"{key}.states", words.states),
            ignore=self.pattern(f"{key}.ignore", words.ignore),
        )

    def states(self, key: str, named: str | StateMap) -> StateMap:
        if not isinstance(named, str):
            return named
        if named and named not in self.file.states:
            raise self.wrong(key, f'no states are named "{named}"', self.file.states)
        return self.file.states.get(named, {})

    def number(self, key: str, table: str, words: LimitWords, divisor: float, *, numeric: bool = True) -> Number:
        self.check_column(f"{key}.column", table, words.column)
        skip = words.skip + (self.file.skip if numeric else ())
        return Number(
            column=words.column,
            divisor=words.divisor if words.divisor is not None else divisor,
            skip=frozenset(str(value) for value in skip),
            quirk=self.quirk(f"{key}.quirk", words.quirk),
        )

    def quirk(self, key: str, name: str) -> Quirk | None:
        return self.function(key, name) if name else None

    def function(self, key: str, name: str) -> Any:
        module, _, function = name.rpartition(".")
        try:
            return getattr(importlib.import_module(f"collectors.quirks.{module or self.name}"), function)
        except (ImportError, AttributeError):
            raise self.wrong(key, f'there is no function "{name}" in collectors/quirks') from None

    def conditions(self, key: str, table: str, words: PartWords | FactWords) -> Conditions:
        for name in words.if_empty:
            self.check_table(f"{key}.if_empty", name)
        return Conditions(
            where=self.rules(f"{key}.where", table, words.where),
            unless=self.rules(f"{key}.unless", table, words.unless),
            if_empty=words.if_empty,
        )

    def rules(self, key: str, table: str, words: Rules) -> tuple[Rule, ...]:
        return tuple(
            Rule(ref=self.ref(f"{key}.{ref}", table, ref), pattern=self.pattern(f"{key}.{ref}", wanted))
            if isinstance(wanted, str)
            else Rule(ref=self.ref(f"{key}.{ref}", table, ref), wanted=frozenset(str(value) for value in wanted))
            for ref, wanted in words.items()
        )

    def templates(self, key: str, table: str, words: Iterable[str | TextWords]) -> tuple[Template, ...]:
        whole = (TextWords(text=word) if isinstance(word, str) else word for word in words)
        return tuple(
            Template(
                pieces=tuple(
                    self.ref(key, table, piece) if n % 2 else piece for n, piece in enumerate(_PIECES.split(word.text))
                ),
                pattern=self.pattern(key, word.pattern),
            )
            for word in whole
        )

    def ref(self, key: str, table: str, words: str) -> Ref:
        first, _, rest = words.partition(".")
        if first == "index":
            if rest and not rest.isdigit():
                raise self.wrong(key, f'"{words}": write "index" or "index.N", N counting from 1')
            return Ref(index_part=int(rest) - 1 if rest else None)
        if not rest:
            self.check_column(key, table, first)
            return Ref(column=first)
        if first not in self.joins:
            raise self.wrong(key, f'there is no table or join "{first}"', self.joins)
        self.check_column(key, self.joins[first].table, rest)
        return Ref(join=first, column=rest)

    def check_table(self, key: str, table: str) -> None:
        if table not in self.file.tables:
            raise self.wrong(key, f'there is no table "{table}"', self.file.tables)

    def check_column(self, key: str, table: str, column: str) -> None:
        columns = self.file.tables[table].columns if table in self.file.tables else {}
        if column not in columns:
            raise self.wrong(key, f'table "{table}" has no column "{column}"', columns)

    def pattern(self, key: str, words: str) -> re.Pattern[str] | None:
        try:
            return re.compile(words) if words else None
        except re.error as error:
            raise self.wrong(key, f"not a regular expression: {error}") from None

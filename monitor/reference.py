"""References to secrets: configuration says where a secret lies, never what it is (inventory.toml, netvigil.toml)."""

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from monitor.problem import Place, Problem

CAP = 4096
HOW = 'write { env = "NAME" }, { file = "/path" } or { credential = "name" }'


class ReferenceFile(BaseModel):
    """Where a secret lies: exactly one of the three."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        json_schema_extra={"minProperties": 1, "maxProperties": 1},
    )

    # Capitals only: a password written here by mistake is refused before anyone repeats it as a name.
    env: str = Field("", pattern=r"^[A-Z_][A-Z0-9_]*$", description="Name of an environment variable, in capitals.")
    file: str = Field(
        "", min_length=1, description="Path of a file; a relative one starts at the configuration folder."
    )
    credential: str = Field(
        "", pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", description="Name given to LoadCredential= of the systemd unit."
    )

    @model_validator(mode="after")
    def _says_one_place(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise PydanticCustomError("reference", "must name exactly one place", {"hint": HOW})
        return self


def _not_a_value(raw: object) -> object:
    """Refuse the secret itself, without repeating it."""
    if isinstance(raw, (str, int, float)):
        raise PydanticCustomError("literal_secret", "a secret may not stand in this file", {"hint": HOW})
    return raw


SecretReference = Annotated[ReferenceFile, BeforeValidator(_not_a_value)]


def found(
    reference: ReferenceFile,
    environ: Mapping[str, str],
    directory: Path,
    place: Place,
    problems: list[Problem],
) -> str:
    """The secret, with a warning where it lies open; where there is none, "" and one more of `problems`."""
    try:
        seen = secret(reference, environ, directory)
    except LookupError as error:
        problems.append(place.problem((), str(error)))
        return ""
    if seen.warning:
        problems.append(replace(place.problem((), seen.warning, "chmod o-r"), is_warning=True))
    return seen.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What a reference led to. `warning` says what is unwise about its place."""

    text: str = field(repr=False)
    warning: str = ""


def secret(reference: ReferenceFile, environ: Mapping[str, str], directory: Path) -> Secret:
    """What `reference` leads to. LookupError says which place is empty or cannot be read, never what it holds."""
    if reference.env:
        if reference.env not in environ:
            raise LookupError(f"environment variable {reference.env} is not set")
        return Secret(text=_usable(environ[reference.env], f"environment variable {reference.env}"))
    if reference.file:
        path = directory / Path(reference.file).expanduser()
        return Secret(text=_content(path), warning=_openness(path))
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if folder is None:
        raise LookupError(
            f'credential "{reference.credential}" can only be read under systemd: $CREDENTIALS_DIRECTORY is not set'
        )
    return Secret(text=_content(Path(folder) / reference.credential))


def _content(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would wait for ever
            raise LookupError(f"{path} is not a file")
        with path.open("rb") as opened:
            raw = opened.read(CAP + 1)
    except OSError as error:
        raise LookupError(f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > CAP:
        raise LookupError(f"{path} holds more than {CAP} bytes, which is no secret")
    try:
        return _usable(raw.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError:
        pass  # and not `from`: the error holds the bytes
    raise LookupError(f"{path} is not UTF-8")


def _usable(raw: str, place: str) -> str:
    text = raw.rstrip("\r\n")  # echo and editors end a file with a line end
    if not text:
        raise LookupError(f"{place} is empty")
    if any(ord(sign) < ord(" ") for sign in text):
        raise LookupError(f"{place} holds more than one line or control characters")
    return text


def _openness(path: Path) -> str:
    mode = path.stat().st_mode
    return f"{path} can be read by everyone on this machine" if mode & stat.S_IROTH else ""

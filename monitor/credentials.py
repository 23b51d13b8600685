"""[credentials.NAME] and [logins.NAME] of inventory.toml: from references to what SNMP, Redfish and SSH need."""

from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from collectors.looks import Login
from collectors.snmp.reader import AuthProtocol, Community, Credential, PrivProtocol, User
from collectors.text import cleaned
from monitor.fields import Settled
from monitor.problem import Place, Problem, Within
from monitor.reference import ReferenceFile, SecretReference, found

_USER = 32  # RFC 3414: octets of a user name
SHORTEST_KEY = 8  # RFC 3414, section 11.2: a password has at least 8 characters


class CommunityFile(Settled):
    """An SNMPv2c community: it travels in the clear, so it is for devices that cannot do version 3."""

    version: Literal["2c"] = Field(description="SNMP version.")
    community: SecretReference = Field(description="Where the community lies.")


class UserFile(Settled):
    """An SNMPv3 user (USM). Without `auth` nothing is authenticated, without `priv` nothing is encrypted."""

    version: Literal["3"] = Field(description="SNMP version.")
    user: str = Field(min_length=1, max_length=32, description="User name (RFC 3414: at most 32 bytes).")
    auth: AuthProtocol | None = Field(None, description="Authentication protocol.")
    auth_key: SecretReference | None = Field(None, description="Where the authentication password lies.")
    priv: PrivProtocol | None = Field(None, description="Encryption protocol.")
    priv_key: SecretReference | None = Field(None, description="Where the encryption password lies.")
    context: str = Field("", description="SNMPv3 context name, for devices that keep several.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if (self.auth is None) != (self.auth_key is None):
            raise ValueError("auth and auth_key belong together")
        if (self.priv is None) != (self.priv_key is None):
            raise ValueError("priv and priv_key belong together")
        if self.priv and not self.auth:
            raise ValueError("SNMPv3 does not encrypt without authentication: add auth and auth_key")
        return self


class LoginFile(Settled):
    """A user of a device's management over Redfish or SSH: one that may read, and nothing more."""

    user: str = Field(min_length=1, max_length=64, description="User name.")
    password: SecretReference = Field(description="Where the password lies.")
    authority: str = Field(
        "",
        description="File of certificates to trust for Redfish, from the folder of inventory.toml on. If left out, the "
        "certificate that a device shows first is remembered, and another one is refused.",
    )


CredentialFile = Annotated[CommunityFile | UserFile, Field(discriminator="version")]


_AUTH = {
    AuthProtocol.MD5: "MD5", AuthProtocol.SHA1: "SHA", AuthProtocol.SHA224: "SHA-224", AuthProtocol.SHA256: "SHA-256",
    AuthProtocol.SHA384: "SHA-384", AuthProtocol.SHA512: "SHA-512",
}  # fmt: skip
_PRIV = {
    PrivProtocol.DES: "DES", PrivProtocol.AES128: "AES", PrivProtocol.AES192: "AES-192", PrivProtocol.AES256: "AES-256",
    # Not every build of Net-SNMP speaks the keys by Reeder, and those that do call them so.
    PrivProtocol.AES192_REEDER: "AES-192-C", PrivProtocol.AES256_REEDER: "AES-256-C",
}  # fmt: skip


def options(credential: Credential) -> str:
    """How snmpget of Net-SNMP is told to ask with `credential`: user and level, and a word in place of each secret."""
    if isinstance(credential, Community):
        return "-v2c -c COMMUNITY"
    level = "authPriv" if credential.priv else "authNoPriv" if credential.auth else "noAuthNoPriv"
    said = f"-v3 -l {level} -u {quote(cleaned(credential.user, _USER))}"
    said += f" -a {_AUTH[credential.auth]} -A AUTH-PASSWORD" if credential.auth else ""
    said += f" -x {_PRIV[credential.priv]} -X PRIV-PASSWORD" if credential.priv else ""
    return said + (f" -n {quote(cleaned(credential.context, _USER))}" if credential.context else "")


def credentials(
    files: Mapping[str, CredentialFile],
    environ: Mapping[str, str],
    directory: Path,
    place: Place,
    problems: list[Problem],
) -> dict[str, Credential]:
    """What the engine needs, by name; for each secret that was not found, one more of `problems`."""

    def text(name: str, key: str, reference: ReferenceFile | None, shortest: int = 0) -> str:
        at = Within(place, ("credentials", name, key))
        seen = "" if reference is None else found(reference, environ, directory, at, problems)
        if 0 < len(seen) < shortest:
            problems.append(at.problem((), f"the secret has fewer than {shortest} characters (RFC 3414, section 11.2)"))
        return seen

    return {
        name: Community(community=text(name, "community", file.community))
        if isinstance(file, CommunityFile)
        else User(
            user=file.user,
            auth=file.auth,
            auth_key=text(name, "auth_key", file.auth_key, SHORTEST_KEY),
            priv=file.priv,
            priv_key=text(name, "priv_key", file.priv_key, SHORTEST_KEY),
            context=file.context,
        )
        for name, file in files.items()
    }


def logins(
    files: Mapping[str, LoginFile],
    environ: Mapping[str, str],
    directory: Path,
    place: Place,
    problems: list[Problem],
) -> dict[str, Login]:
    """The logins by name; for each secret or file that was not found, one more of `problems`."""
    told: dict[str, Login] = {}
    for name, file in files.items():
        at = Within(place, ("logins", name, "password"))
        authority = directory / file.authority if file.authority else None
        if authority and not authority.is_file():
            problems.append(Within(place, ("logins", name, "authority")).problem((), f"there is no file {authority}"))
        password = found(file.password, environ, directory, at, problems)
        told[name] = Login(user=file.user, password=password, authority=str(authority or ""))
    return told

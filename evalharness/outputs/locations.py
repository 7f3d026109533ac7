"""Where a file is: a local path or a URL, and what of it may be shown.

A URL that carries credentials is refused, and the credentials are dropped right here: no object
keeps them, so that no message, representation, traceback or pickle can print them.
"""

import os
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

# One slash is enough: `Path("s3://…")` swallows the other. One letter is a Windows drive.
_URL = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]+):/+(.*)$", re.DOTALL)
# `container@account` and `user@namenode` are places, not secrets.
_PLACES = {"abfs", "abfss", "hdfs", "viewfs"}
_HARMLESS = {
    "allow_bucket_creation",
    "allow_bucket_deletion",
    "buffer_size",
    "endpoint_override",
    "region",
    "replication",
    "retry_limit_seconds",
    "scheme",
}


@dataclass(frozen=True)
class Location:
    """One file. `shown` is safe to print; either `path` (absolute, local) or `uri` is set, or
    `problem` says why neither may be opened."""

    shown: str
    path: str = ""
    uri: str = ""
    problem: str = ""

    @property
    def suffix(self) -> str:
        """Lower-case, with its dot; "" when there is none."""
        return os.path.splitext(self.shown)[1].lower()


def locate(given: "str | os.PathLike[str]") -> Location:
    """Tell a URL from a path; a relative path means the folder in which this is called."""
    text = os.fsdecode(os.fspath(given))
    url = _URL.match(text)
    if url is None:
        path = os.path.abspath(os.path.expanduser(text))
        return Location(_short(text, path), path=path)
    return _locate_url(url[1].lower(), url[2])


def _short(text: str, path: str) -> str:
    """A path as it was given, or relative where that is shorter and does not climb."""
    here = os.path.join(os.getcwd(), "")
    return path.removeprefix(here) if os.path.isabs(text) and path.startswith(here) else text


def _locate_url(scheme: str, rest: str) -> Location:
    rest, _, query = rest.partition("?")
    # Secret keys may hold "/", "#" and even "?", so everything before the last "@" counts as one
    # when a colon is in it; a harmless name with both in it is rare and can be passed as a table.
    before, at, after = rest.rpartition("@")
    secret = bool(at) and (":" in before or ("/" not in before and scheme not in _PLACES))
    shown = f"{scheme}://{after if secret else rest}".partition("#")[0]
    if "@" in query:
        secret, shown = True, f"{scheme}://…"
    # Without "=" or with an unknown key, a query may be a signature or a token.
    pairs = parse_qsl(query, keep_blank_values=True)
    secret = secret or any(key not in _HARMLESS or "@" in value for key, value in pairs)
    if secret:
        return Location(
            shown,
            problem="the URL carries credentials (or a query that may hold them), which would end "
            "up in logs; take them out of the URL and hand them over by the environment of the "
            "storage (such as AWS_ACCESS_KEY_ID), or read the table yourself and pass that",
        )
    if scheme in ("http", "https"):
        return Location(
            shown,
            problem=f"{scheme}:// is not read, since what it returns may change between two "
            "runs; download the file and pass its path",
        )
    if scheme == "file":
        path = "/" + unquote(rest.removeprefix("localhost/"))
        return Location(f"file:///{rest}", path=path)
    return Location(shown, uri=f"{scheme}://{rest}" + (f"?{query}" if query else ""))

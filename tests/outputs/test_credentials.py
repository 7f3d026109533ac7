"""Credentials in a URL are refused, and nothing that we print, raise or pickle holds them."""

import pickle
import traceback

import pytest

from evalharness.declare.errors import OutputsError
from evalharness.outputs import Outputs
from evalharness.outputs.locations import locate

USER, SECRET, TAIL = "AKIAIOSFODNN7", "wJalrXUtnFEMI", "bPxRfiCYEXAMPLE"

WITH_CREDENTIALS = [
    f"s3://{USER}:{SECRET}{TAIL}@bucket/test.parquet",
    f"s3://{USER}:{SECRET}/{TAIL}@bucket/test.parquet",
    f"s3://{USER}:{SECRET}#{TAIL}@bucket/test.parquet",
    f"s3://{USER}:{SECRET}?{TAIL}@bucket/test.parquet",
    f"s3://{USER}:{SECRET}@{TAIL}@bucket/test.parquet",
    f"s3:/{USER}:{SECRET}{TAIL}@bucket/test.parquet",
    f"S3://{USER}:{SECRET}{TAIL}@bucket/test.parquet",
    f"s3://{SECRET}{TAIL}@bucket/test.parquet",
    f"gs://bucket/test.parquet?token={SECRET}{TAIL}",
    f"gs://bucket/test.parquet?{SECRET}{TAIL}",
    f"s3://bucket/test.parquet?region=eu&access_key={USER}&secret_key={SECRET}{TAIL}",
    f"s3://bucket/test.parquet?endpoint_override=http%3A%2F%2F{USER}%3A{SECRET}{TAIL}%40host",
    f"s3://bucket/test.parquet?endpoint_override=http://{USER}:{SECRET}@{TAIL}",
    f"https://{USER}:{SECRET}{TAIL}@host/test.parquet",
    f"https://host/test.parquet?X-Amz-Signature={SECRET}{TAIL}",
    f"hdfs://{USER}:{SECRET}{TAIL}@namenode/test.parquet",
    f"abfss://{USER}:{SECRET}{TAIL}@account/test.parquet",
    f"what+ever://{USER}:{SECRET}{TAIL}@host/test.parquet",
]


def leaks(text: str) -> bool:
    return any(part in text for part in (USER, SECRET, TAIL))


def everything_printable(error: BaseException) -> str:
    """The message, the chain that a debugger follows, and every variable of every frame of ours."""
    shown = [str(error), repr(error)]
    chained: BaseException | None = error
    while chained is not None:
        shown += traceback.format_exception(chained, chain=False)
        frames = list(traceback.walk_tb(chained.__traceback__))
        shown += [
            repr(f.f_locals) for f, _ in frames if "outputs" in f.f_code.co_filename.split("/")
        ]
        chained = chained.__cause__ or chained.__context__
    return "\n".join(shown)


@pytest.mark.parametrize("url", WITH_CREDENTIALS, ids=range(len(WITH_CREDENTIALS)))
def test_refused_and_never_shown(url):
    outputs = Outputs(test=url)
    assert not leaks(repr(outputs))
    assert not leaks(repr(vars(outputs)))
    assert not leaks(pickle.dumps(outputs).decode("latin-1"))
    error = refusal(outputs)
    assert "credentials" in str(error)
    assert str(error).startswith("production, test (")
    assert not leaks(everything_printable(error))


def refusal(outputs: Outputs) -> OutputsError:
    # The URL must not stand in this frame, as it would in no frame of ours.
    with pytest.raises(OutputsError) as caught:
        outputs.split("test", "production")
    return caught.value


@pytest.mark.parametrize("url", WITH_CREDENTIALS, ids=range(len(WITH_CREDENTIALS)))
def test_a_list_of_them_is_refused_without_showing_them(url):
    outputs = Outputs(test=[url, "b.parquet"])
    assert not leaks(repr(outputs))
    assert not leaks(repr(vars(outputs)))
    error = refusal(outputs)
    assert "is a list of paths" in str(error)
    assert not leaks(everything_printable(error))


def test_wrong_arguments_beside_a_secret_are_told_later_without_it():
    # Raised here and now, the traceback would show the line with the URL.
    outputs = Outputs(test=WITH_CREDENTIALS[0], clases=["a", "b"])
    error = refusal(outputs)
    assert "did you mean `classes`?" in str(error)
    assert not leaks(everything_printable(error))


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/mail@home/test.parquet",
        "abfss://container@account.dfs.core.windows.net/test.parquet",
        "hdfs://user@namenode/test.parquet",
        "s3://bucket/test.parquet?region=eu-central-1&scheme=https",
        "gs://bucket/day=2024-01-01/test.parquet",
    ],
)
def test_places_are_no_credentials(url):
    assert not locate(url).problem
    assert locate(url).suffix == ".parquet"


@pytest.mark.parametrize("scheme", ["http", "https", "HTTPS"])
def test_http_is_refused_in_words(scheme):
    with pytest.raises(OutputsError, match="download the file"):
        Outputs(test=f"{scheme}://host/test.parquet").split("test")


def test_unknown_scheme():
    with pytest.raises(
        OutputsError, match="test .what://host/test.parquet.: the URL cannot be read"
    ):
        Outputs(test="what://host/test.parquet").split("test")

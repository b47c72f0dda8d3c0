"""--dask: the options that name a cluster, and the connection to it."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from fastcli.cli._declare import given_names
from fastcli.distribution import installing
from fastcli.errors import ArgumentError, cannot_open
from fastcli.options import Need, option

if TYPE_CHECKING:
    from distributed import Client

OF_DASK = Need(lambda v: bool(v.dask), lambda v: "without --dask")


@dataclass(frozen=True, kw_only=True)
class Clustering:
    """A Dask cluster, and how to speak with it."""

    dask: str = option(
        "",
        "let the workers of a Dask scheduler (tcp://host:8786, tls://host:8786) do the files, one "
        "each at a time",
        group="running",
    )
    dask_tls_ca_file: str = option(
        "",
        "certificate that the scheduler's is checked with (default: Dask's configuration)",
        group="running",
        file="file",
        needs=(OF_DASK,),
    )
    dask_tls_cert: str = option(
        "", "certificate of this client", group="running", file="file", needs=(OF_DASK,)
    )
    dask_tls_key: str = option(
        "", "key of --dask-tls-cert", group="running", file="file", needs=(OF_DASK,)
    )


ALONE = Clustering()


def check_address(ctx: click.Context, clustering: Clustering) -> None:
    """Raise ArgumentError for an empty address, as an unset variable gives it."""
    if not clustering.dask and "dask" in given_names(ctx):
        raise ArgumentError(
            "--dask needs the address of a Dask scheduler, such as tcp://host:8786."
        )


def threads_of(ctx: click.Context, clustering: Clustering, thread: int) -> int:
    """Return the threads of each task: one on a cluster, unless -thread says otherwise."""
    return 1 if clustering.dask and "thread" not in given_names(ctx) else thread


@contextlib.contextmanager
def connected_to(options: Clustering) -> Iterator[Client]:
    """Give a client of the cluster that options name.

    Raises ArgumentError where Dask is not installed, FastcliError where no scheduler answers.
    """
    try:
        import distributed
    except ImportError:
        raise ArgumentError(f"--dask needs {installing('dask')}.") from None
    from fastcli.api.cluster import connected

    security = None
    certificates = {
        "tls_ca_file": options.dask_tls_ca_file,
        "tls_client_cert": options.dask_tls_cert,
        "tls_client_key": options.dask_tls_key,
    }
    for path in filter(None, certificates.values()):
        try:
            with open(path, "rb"):
                pass
        except OSError as error:
            raise ArgumentError(cannot_open(path, error)) from None
    if given := {name: path for name, path in certificates.items() if path}:
        security = distributed.Security(require_encryption=True, **given)
    with quiet(), connected(options.dask, security) as client:
        yield client


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep Dask's own log from stderr: what matters of it is said in a sentence."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", module="distributed"
            )  # of versions, also checked here
            yield
    finally:
        logging.disable(before)

"""A server of S3 on the loopback address, for tests: what it holds, and faults in its answers."""

import contextlib
import logging
import os

import pytest

SETTINGS = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",  # what is tried again is tried again by us
}
BUCKET = "bucket"


class Store:
    """The objects of a bucket by their names; ``url`` gives the URL of one."""

    def __init__(self, fs):
        self.fs = fs

    def url(self, name=""):
        return f"s3://{BUCKET}/{name}".rstrip("/")

    def __setitem__(self, name, data):
        self.fs.pipe_file(f"{BUCKET}/{name}", data)

    def __getitem__(self, name):
        return self.fs.cat_file(f"{BUCKET}/{name}")

    def names(self, folder=""):
        """Return the names below a folder, without the records of parts."""
        self.fs.invalidate_cache()
        top = f"{BUCKET}/{folder}".rstrip("/") + "/"
        names = [name.removeprefix(top) for name in self.fs.find(top)]
        return [name for name in names if not name.startswith(".parts/")]

    def uploads(self):
        """Return the uploads that were begun and neither ended nor given up."""
        return self.fs.call_s3("list_multipart_uploads", Bucket=BUCKET).get("Uploads", [])

    def clear(self):
        if self.names() or self.fs.find(BUCKET):
            self.fs.rm(self.fs.find(BUCKET))
        self.fs.invalidate_cache()


@contextlib.contextmanager
def serving():
    """Start a server, name it in the environment, and give its ``Store``."""
    server_of = pytest.importorskip("moto.server")
    fsspec = pytest.importorskip("fsspec")
    pytest.importorskip("s3fs")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    before = dict(os.environ)
    host, port = server.get_host_and_port()
    os.environ.update(SETTINGS, AWS_ENDPOINT_URL=f"http://{host}:{port}")
    fs = fsspec.filesystem("s3")
    try:
        fs.mkdir(BUCKET)
        yield Store(fs)
    finally:
        type(fs).clear_instance_cache()
        os.environ.clear()
        os.environ.update(before)
        server.stop()


class Faults:
    """Lets calls of the client fail: those of a method whose key has a word in it.

    The first ``n`` of them, after ``after`` that are done.
    """

    def __init__(self, monkeypatch, method, error, n=1, after=0, word=""):
        from s3fs import S3FileSystem

        self.count, real = 0, S3FileSystem._get_s3_method_kwargs  # which every call asks

        def arguments(fs, call, *args, **named):
            if call.__name__ == method and word in named.get("Key", ""):
                self.count += 1
                if after < self.count <= after + n:
                    raise error
            return real(fs, call, *args, **named)

        monkeypatch.setattr(S3FileSystem, "_get_s3_method_kwargs", arguments)

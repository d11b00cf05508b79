"""Real gRPC at both ends: servers from origins/grpc_origin.py, each a process, and channels of grpcio in this one.
Messages are bytes. Where python3-grpcio is missing, `grpc` is None and tests skip themselves."""

import os
import signal

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

try:
    import grpc
except ImportError:
    grpc = None

from support.children import Child
from support.origins import FOLDER
from support.waiting import PATIENCE, wait_for

MANY = 64 * 1024 * 1024
ECHO, HEALTH = "/test.Echo/", "/grpc.health.v1.Health/"


class GrpcOrigin:
    """One server. After `kill` or `stop`, `start` runs it again at the same port."""

    def __init__(self, folder, name, tls=()):
        os.makedirs(folder)
        self.name, self._folder, self._tls, self._port = name, folder, tls, 0
        self._starts = 0
        self.start()

    def start(self):
        self._starts += 1
        self.child = Child(["/usr/bin/python3", "-B", str(FOLDER / "grpc_origin.py"), self.name, str(self._port), *self._tls],
                           f"{self._folder}/output{self._starts}")
        wait_for(lambda: self.child.exit_code is not None or "\n" in self.child.output(), f"gRPC server {self.name}", 60)
        first_line = self.child.output().partition("\n")[0]
        if not first_line.isdigit() or int(first_line) == 0:
            raise AssertionError("the gRPC server does not start: " + self.child.output())
        self._port = int(first_line)
        self.address = f"127.0.0.1:{self._port}"

    def stop(self):
        """Politely: with a GOAWAY, and what is under way is answered."""
        self.child.signal(signal.SIGTERM)

    def kill(self):
        self.child.kill()

    def close(self):
        self.child.kill()


class Caller:
    """A channel, and calls of methods of test.Echo on it. Closed with its stage."""

    def __init__(self, address, root_certificate=None, **options):
        target = address if isinstance(address, str) else "%s:%d" % address
        settings = [("grpc.max_receive_message_length", MANY), ("grpc.max_send_message_length", MANY),
                    ("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0),
                    *(("grpc." + key, value) for key, value in options.items())]
        if root_certificate is None:
            self.channel = grpc.insecure_channel(target, settings)
        else:
            with open(root_certificate, "rb") as file:
                self.channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(file.read()), settings)

    def __call__(self, method, request=b"", timeout=PATIENCE, **options):
        """A unary call: the answer, or grpc.RpcError."""
        return self.unary(method)(request, timeout=timeout, **options)

    def unary(self, method):
        return self.channel.unary_unary(self._path(method))

    def streaming(self, method):
        return self.channel.unary_stream(self._path(method))

    def collecting(self, method):
        return self.channel.stream_unary(self._path(method))

    def talking(self, method):
        return self.channel.stream_stream(self._path(method))

    def failure(self, method, request=b"", timeout=PATIENCE, **options):
        """What a call fails with."""
        try:
            self(method, request, timeout, **options)
        except grpc.RpcError as error:
            return error
        raise AssertionError(f"{method} did not fail")

    @staticmethod
    def _path(method):
        return method if method.startswith("/") else ECHO + method

    def close(self):
        self.channel.close()


def fields(metadata):
    """A call's metadata as a dict."""
    return {key: value for key, value in metadata or ()}

#!/usr/bin/python3
"""A gRPC server of the real kind (grpcio) whose messages are bytes, so that it needs no generated code. Prints its port
when it listens. Ends at SIGTERM as gRPC servers do: GOAWAY, the calls under way get their answers, then the end.

usage: grpc_origin.py NAME [PORT [CERTIFICATE KEY]]"""

import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc

NAME = sys.argv[1]
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 0
MANY = 64 * 1024 * 1024
SERVING, NOT_SERVING, SERVICE_UNKNOWN = b"\x08\x01", b"\x08\x02", b"\x08\x03"

lock = threading.Lock()
heard = threading.Semaphore(0)
counts = {"calls": 0, "hanging": 0, "cancelled": 0}
health = {b"": SERVING, b"\n\x04shop": SERVING}  # by request


def count(what):
    with lock:
        counts[what] += 1


def tell_metadata(context):
    """Sends back what came: `x-` fields in front, the same behind."""
    own = tuple((key, value) for key, value in context.invocation_metadata() if key.startswith("x-"))
    context.send_initial_metadata((("x-origin", NAME), *own))
    context.set_trailing_metadata((("x-behind", NAME), ("x-behind-bin", bytes(range(256))), *own))


def unary(request, context):
    count("calls")
    tell_metadata(context)
    return request


def name(_, context):
    count("calls")
    return NAME.encode()


def metadata(_, context):
    """Everything that the client said beside its message."""
    return "\n".join(f"{key}={value!r}" for key, value in context.invocation_metadata()).encode()


def remaining(_, context):
    """What is left of the client's deadline, in seconds."""
    return str(context.time_remaining()).encode()


def fail(request, context):
    """Ends with the code and message that the request says."""
    code, _, message = request.decode().partition(":")
    context.set_trailing_metadata((("x-why", "because"), ("x-why-bin", b"\x00\xff")))
    context.abort(next(each for each in grpc.StatusCode if each.value[0] == int(code)), message)


def hang(_, context):
    """Until the client has had enough, which is counted."""
    over = threading.Event()
    if not context.add_callback(over.set):
        over.set()
    count("hanging")
    over.wait(60)
    count("cancelled")
    return b""


def tell_count(request, context):
    with lock:
        return str(counts[request.decode()]).encode()


def slow(request, context):
    """Answers after so many milliseconds."""
    count("calls")
    time.sleep(int(request) / 1000)
    return NAME.encode()


def stream(request, context):
    """"N SIZE [PAUSE]": N messages of SIZE bytes, PAUSE milliseconds before each."""
    number, size, *pause = map(int, request.split())
    for i in range(number):
        if pause:
            time.sleep(pause[0] / 1000)
        yield i.to_bytes(4, "big") * (size // 4)


def turns(request, context):
    """So many messages, each when the one before was heard of by a call of `hear`."""
    for i in range(int(request)):
        yield b"%d" % i
        heard.acquire(timeout=60)


def hear(request, context):
    heard.release()
    return b""


def collect(requests, context):
    """How many messages and bytes came."""
    number = size = 0
    for request in requests:
        number += 1
        size += len(request)
    return f"{number} {size}".encode()


def echo(requests, context):
    for request in requests:
        yield request


def check(request, context):
    """grpc.health.v1.Health/Check."""
    if request not in health:
        context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
    if health[request] is None:
        time.sleep(60)
    return health[request]


def set_health(request, context):
    """"serving", "ailing", "silent", or "broken" for an answer that is none."""
    with lock:
        health[b""] = {"serving": SERVING, "ailing": NOT_SERVING, "silent": None, "broken": b"\xff"}[request.decode()]
    return b""


def handlers():
    unaries = {each.__name__: each
               for each in (unary, name, metadata, remaining, fail, hang, hear, tell_count, slow, set_health)}
    methods = {key: grpc.unary_unary_rpc_method_handler(each) for key, each in unaries.items()}
    methods["stream"] = grpc.unary_stream_rpc_method_handler(stream)
    methods["turns"] = grpc.unary_stream_rpc_method_handler(turns)
    methods["collect"] = grpc.stream_unary_rpc_method_handler(collect)
    methods["echo"] = grpc.stream_stream_rpc_method_handler(echo)
    return (grpc.method_handlers_generic_handler("test.Echo", methods),
            grpc.method_handlers_generic_handler(
                "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(check)}))


def main():
    server = grpc.server(ThreadPoolExecutor(200), handlers(), options=[
        ("grpc.max_receive_message_length", MANY), ("grpc.max_send_message_length", MANY), ("grpc.so_reuseport", 0)])
    where = f"127.0.0.1:{PORT}"
    if len(sys.argv) > 4:
        with open(sys.argv[3], "rb") as certificate, open(sys.argv[4], "rb") as key:
            port = server.add_secure_port(where, grpc.ssl_server_credentials([(key.read(), certificate.read())]))
    else:
        port = server.add_insecure_port(where)
    server.start()
    print(port, flush=True)
    signal.sigwait({signal.SIGTERM})
    server.stop(10).wait()


signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
main()

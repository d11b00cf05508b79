"""The proxies that are compared and the configuration each gets: one thread, kept-alive upstream connections, no access
log, no limit that the load would meet. Each listens for HTTP/1.1, for HTTP/2 with prior knowledge, and for both over TLS
with one P-256 certificate. nginx and Weir can also mirror every request (mirror.py); HAProxy cannot. Each configuration
is what a careful user of that proxy would write; whoever knows a better one for a peer is asked to mend it here."""

import argparse
import dataclasses
import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import processes

NGINX = """\
worker_processes 1;
worker_rlimit_nofile {files};
pid {dir}/nginx.pid;
error_log stderr error;
events {{ worker_connections 16384; multi_accept on; }}
http {{
  access_log off;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  client_body_temp_path {dir}/client_body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  upstream origin {{
    server 127.0.0.1:{origin};
    keepalive 1024;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
  }}
  {copies_to}
  server {{
    listen 127.0.0.1:{port} reuseport backlog=4096;
    listen 127.0.0.1:{h2c} http2 reuseport backlog=4096;
    listen 127.0.0.1:{tls} ssl http2 reuseport backlog=4096;
    ssl_certificate {dir}/site.pem;
    ssl_certificate_key {dir}/site.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    location / {{
      {copies}
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_buffers 16 16k;
      proxy_max_temp_file_size 0;
    }}
    {copies_by}
  }}
}}
"""

# The time limits are those that Weir's mirrors have by default; nginx's own are a minute.
NGINX_COPIES_TO = """upstream shadow {{
    server 127.0.0.1:{shadow};
    keepalive 1024;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
  }}"""
NGINX_COPIES_BY = """location = /copy {{
      internal;
      proxy_pass http://shadow$request_uri;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_connect_timeout 2s;
      proxy_send_timeout 5s;
      proxy_read_timeout 5s;
      proxy_max_temp_file_size 0;
    }}"""

HAPROXY = """\
global
  nbthread 1
  maxconn 8000
  log /dev/null local0 emerg
defaults
  mode http
  timeout connect 2s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
  http-reuse always
  option forwardfor
frontend web
  bind 127.0.0.1:{port} backlog 4096
  bind 127.0.0.1:{h2c} backlog 4096
  bind 127.0.0.1:{tls} ssl crt {dir}/site.pem alpn h2,http/1.1 backlog 4096
  default_backend origin
backend origin
  server one 127.0.0.1:{origin} pool-max-conn 1024 pool-purge-delay 1h
"""

WEIR = """\
workers: 1
admin: {{ address: "127.0.0.1:{admin}" }}
access_log: {{ format: "off" }}
listeners:
  web:
    address: "127.0.0.1:{port}"
    requests_per_connection: 0
    timeouts: {{ idle: 1h }}
  h2c:
    address: "127.0.0.1:{h2c}"
    requests_per_connection: 0
    timeouts: {{ idle: 1h }}
  tls:
    address: "127.0.0.1:{tls}"
    requests_per_connection: 0
    timeouts: {{ idle: 1h }}
    tls: {{ certificates: [{{ cert: "{dir}/site.pem", key: "{dir}/site.pem" }}] }}
routes:
  - name: all
    match: {{ path_prefix: / }}
    cluster: origin
    {copies}
clusters:
  origin:
    endpoints: ["127.0.0.1:{origin}"]
    connections: {{ max: 0, idle: 1024 }}
  {copies_to}
"""

WEIR_COPIES_TO = """shadow:
    endpoints: ["127.0.0.1:{shadow}"]
    connections: {{ max: 0, idle: 1024 }}"""


@dataclass(frozen=True)
class Ports:
    proxy: int
    origin: int
    admin: int
    shadow: int | None = None  # where copies of the requests go, if anywhere
    h2c: int = dataclasses.field(default_factory=processes.free_port)  # HTTP/2 in the clear, prior knowledge
    tls: int = dataclasses.field(default_factory=processes.free_port)  # h2 and http/1.1 by ALPN


@dataclass(frozen=True)
class Proxy:
    name: str
    version: list[str]  # the command that prints it
    command: Callable[[Ports, Path], list[str]]  # writes its configuration into the folder


@functools.cache
def _certificate() -> str:
    """A key and a certificate for 127.0.0.1 in one text, the same for everybody in this run."""
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                           "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                           "-keyout", "-", "-out", "-"], capture_output=True, text=True, check=True)
    return made.stdout


def written(folder: Path, name: str, template: str, ports: Ports, **more) -> str:
    """The path of a configuration made from one of the templates, with the certificate beside it."""
    (folder / "site.pem").write_text(_certificate())
    path = folder / name
    path.write_text(template.format(port=ports.proxy, h2c=ports.h2c, tls=ports.tls, origin=ports.origin,
                                    admin=ports.admin, dir=folder, **more))
    return str(path)


def _nginx(folder: Path, ports: Ports) -> str:
    user = "user root;\n" if os.geteuid() == 0 else ""
    mirrored = ports.shadow is not None
    return written(folder, "nginx.conf", user + NGINX, ports, files=20000,
                    copies="mirror /copy;" if mirrored else "",
                    copies_to=NGINX_COPIES_TO.format(shadow=ports.shadow) if mirrored else "",
                    copies_by=NGINX_COPIES_BY.format() if mirrored else "")


def _weir(folder: Path, ports: Ports) -> str:
    mirrored = ports.shadow is not None
    return written(folder, "weir.yaml", WEIR, ports,
                    copies="mirror: [{ cluster: shadow, percent: 100 }]" if mirrored else "",
                    copies_to=WEIR_COPIES_TO.format(shadow=ports.shadow) if mirrored else "")


def add_places(parser: argparse.ArgumentParser) -> None:
    """--weir and --tools, for known_proxies()."""
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--weir", type=_absolute, default=root / "build/release/weir", help="the binary to measure")
    parser.add_argument("--tools", type=_absolute, default=root / "build/bench", help="where weir_floor, weir_origin and others are")


def _absolute(path: str) -> Path:
    return Path(path).absolute()


def known_proxies(weir: Path, tools: Path) -> list[Proxy]:
    """All of them, present or not; the floor comes first because the others are multiples of it."""
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "nginx"
    haproxy = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "haproxy"
    return [
        Proxy("floor", [str(tools / "weir_floor")],
              lambda ports, folder: [str(tools / "weir_floor"), str(ports.proxy), str(ports.origin)]),
        Proxy("nginx", [nginx, "-v"],
              lambda ports, folder: [nginx, "-p", str(folder), "-g", "daemon off;", "-c", _nginx(folder, ports)]),
        Proxy("haproxy", [haproxy, "-v"],
              lambda ports, folder: [haproxy, "-db", "-f", written(folder, "haproxy.cfg", HAPROXY, ports)]),
        Proxy("weir", [str(weir), "version"],
              lambda ports, folder: [str(weir), "run", "-c", _weir(folder, ports)]),
    ]


def installed(proxy: Proxy) -> bool:
    return shutil.which(proxy.version[0]) is not None

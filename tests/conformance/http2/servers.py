"""The server that the cases are run at: Weir, or another proxy to see whether a case is fair. HTTP2_SERVER chooses:
weir (the default), nginx, haproxy or nghttpx, each before the suite's origin with one worker."""

import os
import pathlib

from support import waiting
from support.children import Child, free_port
from support.origins import listens
from support.weir import config

NAME = os.environ.get("HTTP2_SERVER", "weir")
PATIENCE = float(os.environ.get("HTTP2_PATIENCE", waiting.PATIENCE if NAME == "weir" else 2))

# `large_client_header_buffers` and the like are at their defaults: what a user gets.
_NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream origin {{ server {origin}; keepalive 8; }}
  server {{
    listen 127.0.0.1:{port} http2;
    location / {{ proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";
                 proxy_set_header Host $host; proxy_request_buffering off; }}
  }}
}}
"""
_HAPROXY = """
global
  nbthread 1
  log /dev/null local0 emerg
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend web
  bind 127.0.0.1:{port} proto h2
  default_backend origin
backend origin
  server one {origin}
"""


class OtherServer:
    """nginx, HAProxy or nghttpx, cleartext HTTP/2 with prior knowledge."""

    def __init__(self, name, folder, origin):
        os.makedirs(folder)
        port = free_port()
        self.address = ("127.0.0.1", port)
        path = pathlib.Path(folder, "config")
        if name == "nghttpx":
            path.write_text("", encoding="ascii")
            host, _, origin_port = origin.address.rpartition(":")
            command = ["nghttpx", f"--conf={path}", f"-f127.0.0.1,{port};no-tls", f"-b{host},{origin_port}", "-n1",
                       f"--pid-file={folder}/pid"]
        elif name == "nginx":
            path.write_text(_NGINX.format(folder=folder, port=port, origin=origin.address), encoding="ascii")
            command = ["nginx", "-p", folder, "-e", f"{folder}/error.log", "-c", str(path)]
        else:
            path.write_text(_HAPROXY.format(port=port, origin=origin.address), encoding="ascii")
            command = ["haproxy", "-db", "-f", str(path)]
        self.child = Child(command, f"{folder}/output")
        waiting.wait_for(lambda: self.child.exit_code is not None or listens(port), f"{name} on port {port}")
        if self.child.exit_code is not None:
            raise AssertionError(f"{name} does not start: {self.child.output()}")

    def close(self):
        self.child.end()


def weir_config(origin):
    return config([origin.address], listener={"http2": {"enabled": True}})


def start(stage, origin):
    if NAME == "weir":
        return stage.weir(weir_config(origin))
    return stage.keep(OtherServer(NAME, stage.path(NAME), origin))

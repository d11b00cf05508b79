"""What is measured: each scenario is one row of circumstances that every proxy goes through. Extended by adding to
SCENARIOS; bench.py and idle.py read it and know nothing else about a scenario than these fields."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    name: str
    about: str
    connections: int  # kept open by the load generator
    body_bytes: int  # of each answer
    headers: tuple[str, ...] = ()  # extra request fields, "Name: value"
    tls: bool = False
    streams: int = 0  # HTTP/2: requests at once on each connection; 0 = HTTP/1.1


BROWSER_FIELDS = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Encoding: gzip, deflate, br",
    "Accept-Language: en-GB,en;q=0.9",
    "Cookie: sid=6f1d0c2a9b8e4d3f; theme=dark; consent=yes",
    "Cache-Control: no-cache",
    "Referer: http://127.0.0.1/catalogue?page=7",
)

SCENARIOS = (
    Scenario("small-1", "128 byte bodies, one kept-alive connection", 1, 128),
    Scenario("small-64", "128 byte bodies, 64 kept-alive connections", 64, 128),
    Scenario("small-256", "128 byte bodies, 256 kept-alive connections", 256, 128),
    Scenario("browser-64", "2 KB bodies, a browser's request fields, 64 connections", 64, 2048, BROWSER_FIELDS),
    Scenario("large-64", "100 KB bodies, 64 kept-alive connections", 64, 100 * 1024),
    Scenario("tls-64", "128 byte bodies, 64 kept-alive connections over TLS 1.3", 64, 128, tls=True),
    Scenario("tls-large-64", "100 KB bodies, 64 kept-alive connections over TLS 1.3", 64, 100 * 1024, tls=True),
    Scenario("h2c-16x16", "128 byte bodies, HTTP/2 in the clear, 16 connections with 16 requests at once", 16, 128, streams=16),
    Scenario("h2-1x100", "128 byte bodies, HTTP/2 over TLS, one connection with 100 requests at once", 1, 128, tls=True,
             streams=100),
    Scenario("h2-16x16", "128 byte bodies, HTTP/2 over TLS, 16 connections with 16 requests at once", 16, 128, tls=True,
             streams=16),
    Scenario("h2-64x1", "128 byte bodies, HTTP/2 over TLS, 64 connections with one request at once", 64, 128, tls=True,
             streams=1),
    Scenario("h2-browser-16x16", "2 KB bodies, a browser's request fields, HTTP/2 over TLS, 16 connections with 16 requests",
             16, 2048, BROWSER_FIELDS, tls=True, streams=16),
    Scenario("h2-large-16x4", "100 KB bodies, HTTP/2 over TLS, 16 connections with 4 requests at once", 16, 100 * 1024,
             tls=True, streams=4),
)


def scenario(name: str) -> Scenario:
    """The scenario of that name; KeyError lists the known ones."""
    for each in SCENARIOS:
        if each.name == name:
            return each
    raise KeyError(f"no scenario {name!r}; known: {', '.join(each.name for each in SCENARIOS)}")

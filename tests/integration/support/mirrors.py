"""A route whose requests are mirrored to a shadow: what the tests of mirrors share."""

import socket

from support.case import IntegrationTest
from support.metrics import wait_for_metric
from support.splits import named_origin
from support.waiting import wait_for
from support.weir import config, sanitized

SWIFT = 3.0 if sanitized() else 1.0  # seconds in which an answer comes that waits for nobody


class MirrorTest(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.primary, self.shadow = named_origin(self.stage, "primary"), named_origin(self.stage, "shadow")

    def settings(self, address=None, cluster=None, route=None, **mirror):
        """Everything is mirrored to the shadow, or to that address; further keyword arguments are the mirror's keys."""
        settings = config([self.primary.address], route={
            "name": "shop", "mirror": [{"cluster": "shadow", "percent": 100, **mirror}], **(route or {})})
        settings["clusters"]["shadow"] = {"endpoints": [address or self.shadow.address], **(cluster or {})}
        return settings

    def weir(self, address=None, **keys):
        return self.stage.weir(self.settings(address, **keys))

    def copies(self, count):
        """The requests at the shadow, as soon as there are so many; more is wrong."""
        wait_for(lambda: len(self.shadow.requests) >= count, f"{count} copies arrive")
        self.assertEqual(len(self.shadow.requests), count)
        return self.shadow.requests

    def assert_dropped(self, weir, count, reason):
        wait_for_metric(weir, count, "weir_mirror_dropped_total", route="shop", cluster="shadow", reason=reason)

    def assert_outcome(self, weir, count, outcome):
        wait_for_metric(weir, count, "weir_mirror_requests_total", route="shop", cluster="shadow", outcome=outcome)

    def assert_nothing_held(self, weir):
        wait_for_metric(weir, 0, "weir_mirror_in_flight")
        wait_for_metric(weir, 0, "weir_mirror_held_bytes")

    def silent(self):
        """A shadow that takes requests and answers none; `ended` tells of connections that Weir closed."""
        def script(connection):
            while self.shadow.take(connection) is not None:
                pass
            self.shadow.ended.append(connection)
        self.shadow.script, self.shadow.ended = script, []

    def full(self):
        """The address of a listener that takes no connection: attempts are not answered."""
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            filler = socket.socket()
            self.addCleanup(filler.close)
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        return "127.0.0.1:%d" % listener.getsockname()[1]

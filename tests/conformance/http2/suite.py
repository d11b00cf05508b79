"""Turns a table of cases into tests: one method each, named by section and rule. A case is bytes, or a function of the
client that sends them; every case has a connection of its own, and after each another connection is still served."""

import dataclasses
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))

# pylint: disable=wrong-import-position
import servers  # noqa: E402
from expectations import judge  # noqa: E402
from support import h2_frames as h2  # noqa: E402
from support.case_origin import CaseOrigin  # noqa: E402
from support.case import IntegrationTest  # noqa: E402
from support.h2_client import H2Client  # noqa: E402


@dataclasses.dataclass(frozen=True)
class Case:
    section: str  # of RFC 9113, or "7541 ..." and others
    rule: str  # what must hold, in words
    sends: object  # bytes, or a function of the client
    expected: object
    settings: tuple = ()  # the client's first
    raw: bool = False  # nothing is sent before, not even the preface
    replenish: bool = True  # windows are given back as content arrives

    @property
    def name(self):
        words = re.sub(r"[^a-z0-9]+", "_", f"{self.section} {self.rule}".lower()).strip("_")
        return f"test_{words}"


class ConformanceTest(IntegrationTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.origin = cls.shared.keep(CaseOrigin())
        cls.server = servers.start(cls.shared, cls.origin)
        cls.others = cls.shared.enter_context(H2Client(cls.server.address))

    def client(self, **options):
        return self.stage.enter_context(H2Client(self.server.address, **options))

    def play(self, case):
        before = len(self.origin.whole_requests())
        client = self.client(raw=case.raw, settings=case.settings, replenish=case.replenish, timeout=servers.PATIENCE)
        if not case.raw:
            client.settled()
        client.origin = self.origin
        client.requests = lambda: self.origin.whole_requests()[before:]
        client.narrow = dict(case.settings).get(h2.INITIAL_WINDOW_SIZE, h2.DEFAULT_WINDOW) < 100
        if callable(case.sends):
            case.sends(client)
        else:
            client.send(case.sends)
        case.expected.prepare(client)
        try:
            judge(case.expected, client)
        finally:
            self.origin.let_go()
        client.close()
        self.assertEqual(self.others.get("/probe").status, 200, "another connection is no longer served")


def tests_of(*tables):
    """A test class with a method for each case; two cases of one name are a mistake."""
    methods = {}
    for case in (case for table in tables for case in table):
        if case.name in methods:
            raise ValueError(f"two cases are called {case.name}")
        methods[case.name] = lambda self, case=case: self.play(case)
        methods[case.name].__doc__ = f"{case.section}: {case.rule}"
    return type("Conformance", (ConformanceTest,), methods)

"""The base of every test class: a stage for each test and one shared by the class, on which origins and Weirs stand,
taken down in reverse order whatever happened; and the log of each Weir printed when a test fails."""

import contextlib
import os
import shutil
import sys
import tempfile
import unittest

from support.name_server import NameServer
from support.origins import Nginx, Node, ScriptedOrigin
from support.waiting import wait_for
from support.weir import Weir, config


class Stage(contextlib.ExitStack):
    """Starts things in a folder of its own and ends them."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.mkdtemp(prefix="weir-test-")
        self.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._made = 0
        self._weirs = []
        self.callback(self._keep_logs)
        self.logs = []

    def path(self, name):
        self._made += 1
        return os.path.join(self.folder, f"{name}{self._made}")

    def keep(self, thing):
        """Closed when the stage is."""
        self.callback(thing.close)
        return thing

    def origin(self, script=None, **options):
        return self.keep(ScriptedOrigin(script, **options))

    def nginx(self, name, files=None, **options):
        return self.keep(Nginx(self.path("nginx"), name, files, **options))

    def node(self, script="origin.js", *arguments):
        return self.keep(Node(self.path("node"), script, *arguments))

    def name_server(self):
        return self.keep(NameServer())

    def weir(self, configuration, **options):
        thing = Weir(self.path("weir"), configuration, **options)
        self._weirs.append(thing)
        return self.keep(thing)

    def weir_before(self, *origins, **options):
        """A Weir with these origins as the endpoints of its one cluster."""
        return self.weir(config([origin.address for origin in origins], **options))

    def _keep_logs(self):
        self.logs = [weir.log() for weir in self._weirs]

    def current_logs(self):
        return self.logs or [weir.log() for weir in self._weirs]


class IntegrationTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.shared = Stage()
        cls.addClassCleanup(cls.shared.close)

    def setUp(self):
        self.stage = Stage()
        self.addCleanup(self.stage.close)

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            for stage in (self.shared, getattr(self, "stage", None)):
                for log in stage.current_logs() if stage else ():
                    print(f"--- log of weir, {self.id()}\n{log[-8000:]}---", file=sys.stderr)
        return result

    def assert_quiet(self, weir):
        """Once all clients are gone, nothing is under way and nothing is left of them."""
        def quiet():
            clusters = weir.admin_json("/v1/clusters")
            return weir.connections() == 0 and all(
                cluster["waiting"] == 0 and all(each["active_requests"] == 0 for each in cluster["endpoints"])
                for cluster in clusters)
        wait_for(quiet, "no connection, no request under way, none waiting")
        self.assertIsNone(weir.child.exit_code)

    def assert_own_answer(self, response, status, error=None):
        """One of Weir's own error answers: the status, Proxy-Status with its error type, and a short body."""
        self.assertEqual(response.status, status, response.body)
        proxy_status = response.get("Proxy-Status") or ""
        self.assertRegex(proxy_status, r'^weir; error=[a-z_]+; details="[^"]+"$')
        if error:
            self.assertIn(f"error={error};", proxy_status)
        self.assertLess(len(response.body), 300)


def main():
    unittest.main(verbosity=2)

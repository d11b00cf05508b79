#!/usr/bin/env python3
"""The admin API over TCP: its documents, its statuses, and whom it refuses: names that are not its own, web pages,
other methods, missing tokens."""

import json
import os

from support.case import IntegrationTest, main
from support.children import free_port
from support.clients import RawClient
from support.waiting import wait_for
from support.weir import command, config


class Admin(IntegrationTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.origin = cls.shared.origin()
        cls.port = free_port()
        settings = config([{"address": cls.origin.address, "weight": 3}], admin={"address": f"127.0.0.1:{cls.port}"},
                          cluster={"balance": "least_connections"})
        settings["routes"].append({"name": "old", "match": {"path": "/old"}, "redirect": {"to": "/new"}})
        cls.weir = cls.shared.weir(settings, ready=False)
        wait_for(cls.answers, "the admin address answers")

    @classmethod
    def answers(cls):
        try:
            RawClient(("127.0.0.1", cls.port)).close()
            return True
        except OSError:
            return False

    def ask(self, path, method="GET", host=None, fields=()):
        with RawClient(("127.0.0.1", self.port)) as client:
            lines = [f"{method} {path} HTTP/1.1", f"Host: {host or 'localhost'}", *fields]
            client.send("\r\n".join(lines) + "\r\n\r\n")
            return client.response(method)

    def document(self, path):
        response = self.ask(path)
        self.assertEqual((response.status, response.get("Content-Type")), (200, "application/json"))
        return json.loads(response.body)

    def test_status(self):
        status = self.document("/v1/status")
        self.assertEqual(status["pid"], self.weir.pid)
        self.assertEqual((status["state"], status["workers"], status["routes"], status["clusters"],
                          status["endpoints"]), ("running", 1, 2, 1, 1))
        self.assertEqual(status["config"]["file"], self.weir.config_path)
        self.assertEqual(status["config"]["generation"], 1)
        self.assertEqual([each["listener"] for each in status["listeners"]], ["web"])
        self.assertIn(status["version"], command("version").stdout)

    def test_clusters_and_routes(self):
        cluster, = self.document("/v1/clusters")
        self.assertEqual((cluster["cluster"], cluster["balance"]), ("origins", "least_connections"))
        endpoint, = cluster["endpoints"]
        self.assertEqual({name: endpoint[name] for name in ("endpoint", "weight", "backup", "state", "healthy",
                                                            "active_requests")},
                         {"endpoint": self.origin.address, "weight": 3, "backup": False, "state": "active",
                          "healthy": True, "active_requests": 0})
        routes = self.document("/v1/routes")
        self.assertEqual([(route["route"], route["action"]) for route in routes],
                         [("everything", "cluster"), ("old", "redirect")])
        self.assertEqual(routes[0]["cluster"], "origins")
        self.assertEqual(routes[1]["match"], {"path": "/old"})

    def test_config_is_a_file_that_works(self):
        text = self.document("/v1/config")["yaml"]
        path = os.path.join(self.stage.folder, "again.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        again = command("check", "--dump", "-c", path)
        self.assertEqual((again.returncode, again.stdout), (0, text), again.stderr)

    def test_probes(self):
        self.assertEqual((self.ask("/livez").status, self.ask("/readyz").status), (200, 200))
        head = self.ask("/v1/status", "HEAD")
        self.assertEqual((head.status, head.body), (200, b""))

    def test_who_is_refused(self):
        self.assertEqual(self.ask("/v1/status", host="evil.example").status, 403)
        self.assertEqual(self.ask("/metrics", host="evil.example:9901").status, 403)
        self.assertEqual(self.ask("/v1/status", host=f"127.0.0.1:{self.port}").status, 200)
        self.assertEqual(self.ask("/v1/status", fields=["Origin: http://evil.example"]).status, 403)
        refused = self.ask("/v1/status", "POST")
        self.assertEqual((refused.status, refused.get("Allow")), (405, "GET, HEAD"))
        self.assertEqual(self.ask("/v1/none").status, 404)
        self.assertIn("error", json.loads(self.ask("/v1/none").body))

    def test_malformed_requests_are_refused_and_the_connection_closed(self):
        with RawClient(("127.0.0.1", self.port)) as client:
            client.send("GET /v1/status HTTP/1.1\r\nHost: localhost\r\nBad Field: x\r\n\r\n")
            self.assertEqual(client.response().status, 400)
            self.assertTrue(client.reader.at_end())

    def test_a_kept_alive_connection_asks_often(self):
        with RawClient(("127.0.0.1", self.port)) as client:
            for _ in range(20):
                client.send("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertEqual(client.response().status, 200)

    def test_status_command(self):
        address = f"127.0.0.1:{self.port}"
        shown = command("status", "--admin", address)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn(f"pid {self.weir.pid}", shown.stdout)
        self.assertIn(self.origin.address, shown.stdout)
        for arguments, environment in ((["-c", self.weir.config_path], {}), ([], {"WEIR_ADMIN": address})):
            answer = command("status", "--json", *arguments, environment=environment)
            documents = json.loads(answer.stdout)
            self.assertEqual(documents["status"]["pid"], self.weir.pid)
            self.assertEqual(documents["clusters"][0]["cluster"], "origins")
        nobody = command("status", "--admin", f"127.0.0.1:{free_port()}")
        self.assertEqual((nobody.returncode, nobody.stdout), (1, ""))
        self.assertRegex(nobody.stderr, r"^weir: [^\n]+\n$")


class Token(IntegrationTest):
    def test_a_token_is_asked_for_except_by_probes_and_scrapers(self):
        os.environ["WEIR_TEST_TOKEN"] = "open-sesame"
        self.addCleanup(os.environ.pop, "WEIR_TEST_TOKEN")
        folder = self.stage.folder
        admin = {"address": f"unix:{folder}/a", "token_env": "WEIR_TEST_TOKEN"}
        weir = self.stage.weir(config(["127.0.0.1:1"], admin=admin), ready=False)
        weir.admin = f"{folder}/a"
        wait_for(lambda: weir.readiness() == 200, "the admin socket answers")
        self.assertEqual(weir.admin_get("/v1/status").status, 401)
        self.assertEqual(weir.admin_get("/v1/status", [("Authorization", "Bearer wrong")]).status, 401)
        self.assertEqual(weir.admin_get("/v1/status", [("Authorization", "Bearer open-sesame")]).status, 200)
        self.assertEqual(weir.admin_get("/metrics").status, 200)
        shown = weir.admin_get("/v1/config", [("Authorization", "Bearer open-sesame")])
        self.assertNotIn(b"open-sesame", shown.body)


if __name__ == "__main__":
    main()

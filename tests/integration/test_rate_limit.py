#!/usr/bin/env python3
"""Rate limits of routes as clients meet them: who is let through over all workers, what the answer says, and that it
is told in log and metrics."""

import json
import pathlib
import threading

from support.case import IntegrationTest, main
from support.clients import get
from support.metrics import metric, wait_for_metric
from support.waiting import Stopwatch
from support.weir import command, config


class RateLimits(IntegrationTest):
    def weir_with(self, limit, **top):
        self.origin = self.stage.origin()
        return self.stage.weir(config([self.origin.address], route={"rate_limit": limit}, **top))

    def test_all_workers_together_let_the_burst_through(self):
        weir = self.weir_with({"requests": 20, "per": "1h"}, workers=2)
        statuses = [get(weir.address).status for _ in range(60)]  # a connection each, so that both workers are met
        self.assertEqual((statuses.count(200), statuses.count(429)), (20, 40))
        self.assertEqual(len(self.origin.requests), 20)
        wait_for_metric(weir, 40, "weir_rate_limited_total", route="everything")
        self.assertEqual(metric(weir, "weir_rate_limit_forgotten_keys_total", route="everything"), 0)
        wait_for_metric(weir, 40, "weir_requests_total", route="everything", code_class="4xx")

    def test_the_answer_says_when_to_come_again(self):
        weir = self.weir_with({"requests": 1, "per": "2s"})
        with weir.client() as client:
            self.assertEqual(client.request().status, 200)
            watch = Stopwatch()
            refused = client.request("POST", "/x", body=b"content")
            self.assert_own_answer(refused, 429, "http_request_denied")
            self.assertEqual(refused.get("RateLimit-Policy"), '"route";q=1;w=2')
            self.assertEqual(refused.get("RateLimit"), '"route";r=0;t=2')
            self.assertEqual(refused.get("Retry-After"), "2")
            threading.Event().wait(max(0, 2.05 - watch.seconds))
            self.assertEqual(client.request().status, 200)
        line = weir.logged(3)[1]
        self.assertEqual((line["status"], line["reason"], line["attempts"]), (429, "rate_limited", 0))
        self.assertNotIn("endpoint", line)

    def test_each_key_has_its_own(self):
        weir = self.weir_with({"requests": 2, "per": "1h", "key": {"header": "x-api-key"}}, workers=2)
        for key in ("alice", "bob"):
            statuses = [get(weir.address, "/", [("X-Api-Key", key)]).status for _ in range(4)]
            self.assertEqual(statuses, [200, 200, 429, 429], key)
        self.assertEqual([get(weir.address).status for _ in range(3)], [200, 200, 429])

    def test_a_reload_is_no_way_around(self):
        limit = {"requests": 1, "per": "1h", "key": "client_ip"}
        weir = self.weir_with(limit, watch=False)
        self.assertEqual(get(weir.address).status, 200)
        settings = json.loads(pathlib.Path(weir.config_path).read_text(encoding="utf-8"))
        settings["routes"][0]["body_bytes"] = 1000
        pathlib.Path(weir.config_path).write_text(json.dumps(settings), encoding="utf-8")
        self.assertEqual(command("reload", "--admin", f"unix:{weir.admin}").returncode, 0)
        self.assertEqual(weir.admin_json("/v1/status")["config"]["generation"], 2)
        self.assertEqual(get(weir.address).status, 429)


if __name__ == "__main__":
    main()

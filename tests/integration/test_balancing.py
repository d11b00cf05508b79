#!/usr/bin/env python3
"""Balancing as clients meet it: shares by weight, backups, busy endpoints passed over, and users who stay where they
are. The algorithms themselves are measured in tests/conformance."""

import functools
import threading
from collections import Counter

from support.case import IntegrationTest, main
from support.waiting import wait_for
from support.weir import config


class Balancing(IntegrationTest):
    def origins(self, names="abc"):
        made = {}
        for name in names:
            origin = self.stage.origin()
            origin.script = functools.partial(
                origin.answer_all, answer=b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + name.encode())
            made[name] = origin
        return made

    def shares(self, weir, count, fields=lambda number: ()):
        with weir.client() as client:
            return Counter(client.request("GET", f"/{number}", fields(number)).body.decode()
                           for number in range(count))

    def weir(self, origins, **cluster):
        settings = config([], cluster=cluster)
        settings["clusters"]["origins"]["endpoints"] = [
            {"address": origin.address, **extra} for origin, extra in origins]
        settings["listeners"]["web"]["trusted_proxies"] = ["127.0.0.0/8"]
        return self.stage.weir(settings)

    def test_shares_follow_weights_and_zero_gets_nothing(self):
        made = self.origins()
        weir = self.weir([(made["a"], {"weight": 3}), (made["b"], {"weight": 1}), (made["c"], {"weight": 0})],
                         balance="weighted_round_robin")
        self.assertEqual(self.shares(weir, 40), {"a": 30, "b": 10})

    def test_a_backup_serves_nothing_while_others_can(self):
        made = self.origins("ab")
        weir = self.weir([(made["a"], {}), (made["b"], {"backup": True})])
        self.assertEqual(self.shares(weir, 20), {"a": 20})

    def test_clients_stay_and_spread_by_address(self):
        made = self.origins()
        for balance in ("ip_hash", "maglev", {"hash": "client_ip"}):
            with self.subTest(balance):
                weir = self.weir([(origin, {}) for origin in made.values()], balance=balance)
                for client in range(5):
                    one = self.shares(weir, 10, lambda _, c=client: [("X-Forwarded-For", f"192.0.2.{c}")])
                    self.assertEqual(len(one), 1)
                all_of_them = self.shares(weir, 250, lambda number: [("X-Forwarded-For", f"192.0.2.{number}")])
                self.assertEqual(set(all_of_them), {"a", "b", "c"})

    def test_users_stay_by_header_and_cookie(self):
        made = self.origins()
        for balance, field in (({"hash": {"header": "X-User"}}, lambda user: [("X-User", user)]),
                               ({"hash": {"cookie": "sid"}}, lambda user: [("Cookie", f"a=b; sid={user}")])):
            with self.subTest(balance):
                weir = self.weir([(origin, {}) for origin in made.values()], balance=balance)
                for user in ("ann", "ben", "cem", "dot"):
                    self.assertEqual(len(self.shares(weir, 10, lambda _, u=user: field(u))), 1)
                self.assertEqual(set(self.shares(weir, 200, lambda number: field(f"user{number}"))), {"a", "b", "c"})

    def test_a_busy_endpoint_is_passed_over_by_all_workers(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def script(connection):
            while busy.take(connection) is not None:
                release.wait(60)
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
        busy, made = self.stage.origin(script), self.origins("a")
        settings = config([busy.address, made["a"].address], cluster={"balance": "least_connections"}, workers=2)
        weir = self.stage.weir(settings)
        stuck = []
        while not busy.requests:
            stuck.append(weir.client())
            stuck[-1].send("GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n")
            wait_for(lambda: len(busy.requests) + len(made["a"].requests) == len(stuck), "the request arrived")
        def free_again():  # the count is given back just after the client has its answer
            endpoints = weir.admin_json("/v1/clusters")[0]["endpoints"]
            return next(e for e in endpoints if e["endpoint"] == made["a"].address)["active_requests"] == 0
        for _ in range(10):
            wait_for(free_again, "the other endpoint is free")
            self.assertEqual(self.shares(weir, 2), {"a": 2})
        self.assertEqual(len(busy.requests), 1)
        release.set()
        for client in stuck:
            self.assertEqual(client.response().status, 200)
            client.close()
        self.assert_quiet(weir)


if __name__ == "__main__":
    main()

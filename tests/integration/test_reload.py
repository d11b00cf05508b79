#!/usr/bin/env python3
"""A changed file under load: taken up whole or refused whole, by signal, by command and by watching, with no request
lost, no connection to an unchanged origin opened anew, and a broken file told to everybody who looks."""

import os
import pathlib
import signal

from support.case import IntegrationTest, main
from support.clients import Load, get
from support.http1 import Truncated
from support.metrics import metric
from support.waiting import wait_for
from support.weir import command, config


class Reloading(IntegrationTest):
    def named_origin(self, name):
        return self.stage.nginx(name)

    def reload(self, weir, *options):
        return command("reload", "--admin", f"unix:{weir.admin}", *options)

    def generation(self, weir):
        return weir.admin_json("/v1/status")["config"]["generation"]

    def weir_of(self, settings):
        return self.stage.weir({"watch": False, **settings})

    def answering(self, body):
        return {**config([]), "routes": [{"name": "answer", "respond": {"body": body}}], "clusters": {}, "watch": False}

    def test_a_new_file_is_in_force_when_the_command_returns(self):
        weir = self.weir_of(self.answering("one"))
        self.assertEqual(get(weir.address).body, b"one")
        weir.write(self.answering("two"))
        done = self.reload(weir)
        self.assertEqual((done.returncode, done.stdout), (0, "route answer: changed\napplied: generation 2\n"))
        self.assertEqual(get(weir.address).body, b"two")
        self.assertIn("reload: route answer: changed", weir.log())

    def test_an_open_connection_sees_the_new_file_at_its_next_request(self):
        weir = self.weir_of(self.answering("one"))
        with weir.client() as client:
            self.assertEqual(client.request().body, b"one")
            weir.write(self.answering("two"))
            self.assertEqual(self.reload(weir).returncode, 0)
            self.assertEqual(client.request().body, b"two")

    def test_a_signal_does_the_same(self):
        weir = self.weir_of(self.answering("one"))
        weir.write(self.answering("two"))
        weir.child.signal(signal.SIGHUP)
        wait_for(lambda: get(weir.address).body == b"two", "the new file is in force")

    def test_a_broken_file_changes_nothing_and_says_where(self):
        weir = self.weir_of(self.answering("one"))
        pathlib.Path(weir.config_path).write_text("listeners:\n  web: { adress: 127.0.0.1:1 }\n", encoding="utf-8")
        done = self.reload(weir)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{weir.config_path}:2:10: unknown key 'adress', did you mean 'address'?", done.stderr)
        self.assertEqual(get(weir.address).body, b"one")
        status = weir.admin_json("/v1/status")["config"]
        self.assertEqual((status["generation"], status["reloads"]["refused"]), (1, 1))
        self.assertIn("adress", " ".join(status["reloads"]["last"]["errors"]))
        shown = command("status", "--admin", f"unix:{weir.admin}").stdout
        self.assertRegex(shown, r"\n  the file as it is was refused \S+Z:\n(    .+\n)*    \S+:2:10: unknown key 'adress'")
        self.assertEqual(metric(weir, "weir_config_last_reload_successful"), 0)
        self.assertEqual(metric(weir, "weir_config_reloads_total", result="refused"), 1)
        weir.write(self.answering("mended"))
        self.assertEqual(self.reload(weir).returncode, 0)
        self.assertEqual(get(weir.address).body, b"mended")
        self.assertNotIn("refused", command("status", "--admin", f"unix:{weir.admin}").stdout)
        self.assertEqual(metric(weir, "weir_config_last_reload_successful"), 1)

    def test_an_address_that_is_taken_refuses_the_whole_file(self):
        other = self.stage.origin()
        weir = self.weir_of(self.answering("one"))
        settings = self.answering("two")
        settings["listeners"]["more"] = {"address": other.address}
        weir.write(settings)
        done = self.reload(weir)
        self.assertEqual(done.returncode, 1)
        self.assertIn("listener more:", done.stderr)
        self.assertEqual(get(weir.address).body, b"one")

    def test_a_dry_run_says_what_would_change_and_changes_nothing(self):
        weir = self.weir_of(self.answering("one"))
        weir.write(self.answering("two"))
        done = self.reload(weir, "--dry-run")
        self.assertEqual((done.returncode, done.stdout), (0, "route answer: changed\nplanned: generation 1\n"))
        self.assertEqual(get(weir.address).body, b"one")

    def test_listeners_come_and_go(self):
        weir = self.weir_of(self.answering("one"))
        settings = self.answering("one")
        settings["listeners"]["more"] = {"address": "127.0.0.1:0"}
        weir.write(settings)
        self.assertEqual(self.reload(weir).returncode, 0)
        listeners = {each["listener"]: each["address"] for each in weir.admin_json("/v1/status")["listeners"]}
        host, _, port = listeners["more"].rpartition(":")
        more = (host, int(port))
        self.assertEqual(get(more).body, b"one")
        self.assertEqual(get(weir.address).body, b"one")
        weir.write(self.answering("one"))
        self.assertEqual(self.reload(weir).returncode, 0)
        with self.assertRaises((OSError, Truncated)):
            get(more)
        self.assertEqual(get(weir.address).body, b"one")

    def test_the_file_is_watched_however_it_is_replaced(self):
        weir = self.stage.weir({**self.answering("one"), "watch": True})
        weir.write({**self.answering("in place"), "watch": True})
        wait_for(lambda: get(weir.address).body == b"in place", "written in place")

        kept = weir.config_path
        weir.config_path = kept + ".new"
        weir.write({**self.answering("renamed"), "watch": True})
        os.rename(weir.config_path, kept)
        weir.config_path = kept
        wait_for(lambda: get(weir.address).body == b"renamed", "renamed over")

    def test_a_config_map_is_followed_through_its_links(self):
        weir = self.stage.weir({**self.answering("one"), "watch": True})
        file = pathlib.Path(weir.config_path)
        folder = file.parent
        for version in ("one", "two"):
            (folder / f"..{version}").mkdir()
            weir.config_path = str(folder / f"..{version}" / "weir.yaml")
            weir.write({**self.answering(version), "watch": True})
        os.symlink("..one", folder / "..data")
        os.symlink("..data/weir.yaml", folder / "link")
        os.rename(folder / "link", file)
        os.symlink("..two", folder / "..data_tmp")
        os.rename(folder / "..data_tmp", folder / "..data")
        wait_for(lambda: get(weir.address).body == b"two", "the links were swapped")

    def test_included_files_are_read_and_watched(self):
        folder = pathlib.Path(self.stage.path("sites"))
        folder.mkdir()

        def site(name, text):
            path = folder / name
            path.with_suffix(".new").write_text(text, encoding="utf-8")
            os.rename(path.with_suffix(".new"), path)

        def answer(path):
            return get(weir.address, path).body

        def route(name):
            return f"routes: [{{ name: {name}, match: {{ path: /{name} }}, respond: {{ body: {name} }} }}]\n"

        site("a.yaml", route("a"))
        weir = self.stage.weir({**self.answering("rest"), "watch": True, "include": [f"{folder}/*.yaml"]})
        self.assertEqual((answer("/a"), answer("/b")), (b"a", b"rest"))
        site("b.yaml", route("b"))
        wait_for(lambda: answer("/b") == b"b", "a file that appears is read")
        site("b.yaml", "routes: [{ name: b, cluster: nowhere }]\n")
        wait_for(lambda: metric(weir, "weir_config_reloads_total", result="refused") == 1, "a broken one is refused")
        errors = weir.admin_json("/v1/status")["config"]["reloads"]["last"]["errors"]
        self.assertEqual(errors, [f"{folder}/b.yaml:1:30: unknown cluster 'nowhere'"])
        self.assertEqual((answer("/a"), answer("/b")), (b"a", b"b"))
        os.remove(folder / "b.yaml")
        wait_for(lambda: answer("/b") == b"rest", "a file that goes takes its routes with it")
        self.assertEqual(answer("/a"), b"a")

    def test_nothing_is_lost_under_load_while_everything_changes(self):
        a, b, c = (self.named_origin(name) for name in "abc")
        steady = self.stage.origin()
        steady.script = lambda connection: steady.answer_all(
            connection, b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsteady")

        def settings(number):
            endpoints = [origin.address for origin in ([a, b], [b, c], [a, c], [a, b, c])[number % 4]]
            made = config(endpoints, cluster={"balance": ("round_robin", "least_connections")[number % 2]},
                          listener={"requests_per_connection": 0}, workers=2, watch=False)
            made["clusters"]["steady"] = {"endpoints": [steady.address]}
            made["routes"].insert(0, {"name": "steady", "match": {"path": "/steady"}, "cluster": "steady"})
            made["routes"].insert(0, {"name": f"r{number % 3}", "match": {"path": f"/r{number}"},
                                      "respond": {"status": 200}})
            if number % 5 == 0:
                made["listeners"]["more"] = {"address": "127.0.0.1:0"}
            return made

        def asked():  # on which connections; others are strangers', for an origin that had this port before
            return [connection.received[:40] for connection in steady.connections if b"/steady" in connection.received]

        weir = self.stage.weir(settings(0))
        with Load(weir.address, threads=6) as load, Load(weir.address, threads=1, path="/steady") as other:
            wait_for(lambda: load.answered > 20 and other.answered > 20, "the load runs")
            before = asked()
            for number in range(1, 41):
                weir.write(settings(number))
                self.assertEqual(self.reload(weir).returncode, 0)
        self.assertEqual((load.failures, other.failures), ([], []))
        self.assertEqual(self.generation(weir), 41)
        self.assertEqual(asked(), before, "an unchanged cluster's connections are kept")
        self.assert_quiet(weir)


if __name__ == "__main__":
    main()

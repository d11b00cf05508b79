#!/usr/bin/env python3
"""The commands as a person at a shell meets them: what they print, where, and with which exit code."""

import pathlib
import shutil

from support.authority import Authority
from support.case import IntegrationTest, main
from support.weir import ROOT, command, config

QUICKSTART = str(ROOT / "conf/weir.yaml")

SHOP = """\
listeners:
  web: { address: 127.0.0.1:0 }
  inner: { address: 127.0.0.1:0 }
routes:
  - name: api
    match: { hosts: [shop.example], path_prefix: /api, methods: [GET], headers: { X-Beta: "yes" } }
    rewrite: { prefix: /v2 }
    cluster: api
  - name: old
    match: { path_prefix: /old, listeners: [web] }
    redirect: { to: "https://shop.example/", status: 301 }
  - { name: health, match: { path: /health }, respond: { body: "fine" } }
clusters:
  api:
    balance: ip_hash
    endpoints: [ 127.0.0.1:9101, { address: "127.0.0.1:9102", weight: 2 }, { address: "127.0.0.1:9103", backup: true } ]
"""


class Usage(IntegrationTest):
    def test_help_is_on_stdout_and_fine(self):
        for arguments in (["--help"], ["run", "--help"], ["check", "--help"], ["explain", "--help"],
                          ["status", "--help"], ["--help-all"]):
            with self.subTest(arguments):
                done = command(*arguments)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("Usage: weir", done.stdout)

    def test_wrong_usage_is_exit_2_and_on_stderr(self):
        for arguments in ([], ["dance"], ["run", "--fast"], ["check", "-c"], ["explain", "GET"],
                          ["explain", "-c", QUICKSTART, "GET", "/", "-H", "nonsense"],
                          ["explain", "-c", QUICKSTART, "GET", "/", "--from", "nowhere"],
                          ["explain", "-c", QUICKSTART, "GET", "/", "--listener", "none"]):
            with self.subTest(arguments):
                done = command(*arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
                self.assertTrue(done.stderr)

    def test_a_mistyped_word_is_told_what_it_was_meant_to_be(self):
        for arguments, words in ((["chek"], "there is no command 'chek', did you mean 'check'?"),
                                 (["dance"], "there is no command 'dance'; known: run, check, explain, status"),
                                 (["status", "--jsn"], "there is no option '--jsn', did you mean '--json'?"),
                                 (["reload", "--dryrun=yes"], "there is no option '--dryrun', did you mean '--dry-run'?")):
            with self.subTest(arguments):
                done = command(*arguments)
                self.assertEqual(done.returncode, 2)
                self.assertIn(words, done.stderr)

    def test_the_admin_address_of_a_file_is_found_whatever_else_is_wrong_there(self):
        weir = self.stage.weir(config(["127.0.0.1:1"]))
        path = pathlib.Path(self.stage.folder, "broken.yaml")
        admin = f"admin: {{ address: 'unix:{weir.admin}', token_env: NOT_SET_HERE }}\n"
        path.write_text(admin + "routes: 5\nlistners: {}\n", encoding="utf-8")
        done = command("status", "-c", str(path))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for text, words in (("admin: off\n", "switches the admin API off"), ("admin: {address: nowhere}\n", "broken.yaml:1:"),
                            ("admin: [\n", "broken.yaml:")):
            path.write_text(text, encoding="utf-8")
            done = command("status", "-c", str(path))
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)

    def test_an_admin_address_is_no_url(self):
        done = command("status", "--admin", "http://127.0.0.1:9901")
        self.assertEqual(done.returncode, 1)
        self.assertIn("write 127.0.0.1:9901", done.stderr)

    def test_version(self):
        done = command("version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^weir \d+\.\d+\.\d+")


class Check(IntegrationTest):
    def test_the_quickstart_is_fine(self):
        done = command("check", "-c", QUICKSTART)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(command("check", str(QUICKSTART)).stdout, done.stdout)
        self.assertIn("127.0.0.1:8080", done.stdout)
        self.assertTrue(done.stdout.endswith("weir.yaml: fine\n"))

    def conf_with_its_files(self):
        """A copy of conf/ with the certificates, keys and authorities that its files name."""
        conf = pathlib.Path(shutil.copytree(ROOT / "conf", pathlib.Path(self.stage.folder, "conf")))
        authority = Authority(str(conf / "authority"))
        for name in ("site", "site-rsa", "client"):
            certificate, key = authority.issue(name, "DNS:site.test", days=90)
            shutil.copy(certificate, conf / f"{name}.pem")
            shutil.copy(key, conf / f"{name}.key")
        for name in ("ca.pem", "upstream-ca.pem"):
            shutil.copy(authority.ca, conf / name)
        authority.ocsp(str(conf / "site.pem"), str(conf / "site.ocsp"))
        return conf

    def test_every_file_of_conf_is_fine(self):
        for path in sorted(self.conf_with_its_files().glob("*.yaml")):
            with self.subTest(path.name):
                done = command("check", "-c", str(path), environment={
                    "WEIR_ADMIN_TOKEN": "open-sesame", "WEIR_TESTER_SECRET": "s3cret"})
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertNotIn("open-sesame", done.stdout)

    def test_redirects_name_where_they_lead(self):
        path = pathlib.Path(self.stage.folder, "redirects.yaml")
        for redirect, words in (("https", "308 to https"), ("{ scheme: https, port: 8443, status: 301 }", "301 to https, port 8443"),
                                ("{ to: /new }", "308 to /new")):
            path.write_text(f"listeners: {{ web: {{ address: 127.0.0.1:1 }} }}\nroutes: [{{ name: r, redirect: {redirect} }}]\n", encoding="utf-8")
            self.assertRegex(command("check", "-c", str(path)).stdout, rf"route    r +redirect {words}\n")

    def test_the_dump_is_a_file_of_the_same_meaning(self):
        dump = command("check", "--dump", "-c", QUICKSTART)
        self.assertEqual(dump.returncode, 0)
        self.assertIn("idle_timeout: 30s", dump.stdout)
        path = pathlib.Path(self.stage.folder, "dump.yaml")
        path.write_text(dump.stdout, encoding="utf-8")
        self.assertEqual(command("check", "--dump", "-c", str(path)).stdout, dump.stdout)

    def test_errors_are_named_counted_and_exit_1(self):
        path = pathlib.Path(self.stage.folder, "broken.yaml")
        path.write_text("listeners:\n  web: { address: 127.0.0.1:99999 }\nworker: 2\n", encoding="utf-8")
        done = command("check", "-c", str(path))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 3, done.stderr)
        self.assertTrue(any(line.startswith(f"{path}:2:") for line in lines))
        self.assertTrue(any(line.startswith(f"{path}:3:1: ") and "workers" in line for line in lines))
        self.assertEqual(lines[-1], f"{path}: 2 errors")

    def test_what_is_no_yaml_is_one_error_with_its_place(self):
        path = pathlib.Path(self.stage.folder, "broken.yaml")
        path.write_text("listeners: [\n", encoding="utf-8")
        done = command("check", "-c", str(path))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.splitlines()[0], rf"^{path}:\d+:\d+: ")

    def test_variables_are_put_in(self):
        path = pathlib.Path(self.stage.folder, "variables.yaml")
        path.write_text("listeners: { web: { address: '127.0.0.1:${WEIR_TEST_PORT}' } }\n", encoding="utf-8")
        given = command("check", "-c", str(path), environment={"WEIR_TEST_PORT": "4711"})
        self.assertIn("127.0.0.1:4711", given.stdout)
        missing = command("check", "-c", str(path))
        self.assertEqual(missing.returncode, 1)
        self.assertIn("WEIR_TEST_PORT", missing.stderr)


class Explain(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.path = str(pathlib.Path(self.stage.folder, "shop.yaml"))
        pathlib.Path(self.path).write_text(SHOP, encoding="utf-8")

    def explain(self, *arguments):
        done = command("explain", "-c", self.path, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return dict(reversed([(line[:10].strip(), line[10:]) for line in done.stdout.splitlines()]))

    def test_the_quickstart(self):
        done = command("explain", "-c", QUICKSTART, "GET", "/")
        self.assertEqual(done.returncode, 0)
        for words in ("route     everything", "forwards  /", "origins (round_robin)", "127.0.0.1:9103"):
            self.assertIn(words, done.stdout)

    def test_the_route_taken_and_what_is_forwarded(self):
        said = self.explain("GET", "http://shop.example/api/users?id=1", "-H", "x-beta: yes", "--from", "192.0.2.1")
        self.assertEqual(said["route"], "api")
        self.assertEqual(said["forwards"], "/v2/users?id=1")
        self.assertEqual(said["cluster"], "api (ip_hash)")
        self.assertRegex(said["endpoint"], r"^127\.0\.0\.1:910[12] while all are up")
        again = self.explain("GET", "http://shop.example/api", "-H", "x-beta: yes", "--from", "192.0.2.1")
        self.assertEqual(again["endpoint"], said["endpoint"])

    def test_why_a_route_is_passed_over(self):
        said = self.explain("GET", "http://shop.example/api/users")
        self.assertIn("api:", said["not"])
        self.assertTrue(said["answer"].startswith("404"))

    def test_redirects_and_own_answers(self):
        self.assertEqual(self.explain("GET", "/old/x?y=z")["redirect"], "301 https://shop.example/old/x?y=z")
        self.assertEqual(self.explain("GET", "/health")["respond"], "200, 4 bytes")
        self.assertTrue(self.explain("GET", "/old/x", "--listener", "inner")["answer"].startswith("404"))

    def test_a_broken_file_is_exit_1(self):
        pathlib.Path(self.path).write_text("routes: 7\n", encoding="utf-8")
        done = command("explain", "-c", self.path, "GET", "/")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("shop.yaml:1:", done.stderr)


if __name__ == "__main__":
    main()

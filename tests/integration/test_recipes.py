#!/usr/bin/env python3
"""The recipes of docs/releases.md do what they say: their commands are run as written, in one shell per recipe, and
print what the document shows; their workflows release, and roll back when the new version is broken. Only ports and the
path of the build are replaced."""

import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import threading

from support.case import IntegrationTest, main
from support.children import Child, free_port
from support.clients import RawClient
from support.waiting import wait_for
from support.weir import BINARY, ROOT

PORTS = ("8080", "9901", "9101", "9102", "9103")
PATIENCE = 150  # seconds for one recipe: hundreds of curl processes, on a machine that may be busy
BLOCK = re.compile(r"(?ms)^```(\w+)\n(.*?)^```$")


def recipe(title):
    """[(kind, text)] of the fenced blocks under that heading."""
    text = (ROOT / "docs/releases.md").read_text(encoding="utf-8")
    section = re.search(rf"(?ms)^## {title}\n(.*?)(?=^## |\Z)", text)
    return BLOCK.findall(section[1])


def matches(shown, printed):
    """Is this what the document shows? Padding does not count; ... stands for anything in a line, and alone on one for
    any lines, also none."""
    plain = lambda text: [" ".join(line.split()) for line in text.strip().splitlines()]
    pattern = "".join(r"(?:[^\n]*\n)*" if line == "..." else re.escape(line).replace(r"\.\.\.", r"[^\n]*") + "\n"
                      for line in plain(shown))
    return re.fullmatch(pattern, "".join(line + "\n" for line in plain(printed))) is not None


class Workflow:
    """The environment and the steps of the one job of a workflow, in the few forms of YAML that the document uses."""

    def __init__(self, text):
        self.environment = dict(re.findall(r"(?m)^      (\w+): (.+)$", text.partition("    env:\n")[2]
                                           .partition("    steps:")[0]))
        steps = re.split(r"(?m)^      - name: ", text.partition("    steps:\n")[2])[1:]
        self.steps = [(step.partition("\n")[0], "if: failure()" in step, self._script(step)) for step in steps]

    @staticmethod
    def _script(step):
        script = step.partition("        run: ")[2]
        return re.sub(r"(?m)^ {10}", "", script.removeprefix("|\n"))


class FailsPosts(http.server.BaseHTTPRequestHandler):
    """A version that answers reads and fails writes."""

    def do_GET(self):
        self.answer(200)

    def do_POST(self):
        self.answer(500)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class RecipeTest(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.ports = {port: str(free_port()) for port in PORTS}
        folder = pathlib.Path(self.stage.folder)
        self.place = folder / "repository"
        (self.place / "conf").mkdir(parents=True)
        (self.place / "scripts").symlink_to(ROOT / "scripts")
        (self.place / "bin").mkdir()
        (self.place / "bin/weir").symlink_to(BINARY)
        for name in ("canary.yaml", "shadow.yaml"):
            text = (ROOT / "conf" / name).read_text(encoding="utf-8")
            (self.place / "conf" / name).write_text(self.here(text), encoding="utf-8")
        self.environment = {**os.environ, "WEIR_ADMIN": f"127.0.0.1:{self.ports['9901']}", "GITHUB_ACTOR": "ann",
                            "PATH": f"{self.place}/bin:{os.environ['PATH']}"}

    def here(self, text):
        """With this test's ports and build; all ports in one pass, so that a new one is never taken for an old."""
        text = re.sub(r"\b(?:" + "|".join(PORTS) + r")\b", lambda found: self.ports[found[0]], text)
        return text.replace("$PWD/build/release", f"{self.place}/bin")

    def run_blocks(self, blocks, ending=""):
        """Runs the sh blocks in one shell, and compares what each printed with the output block that follows it."""
        scripts = [(number, text) for number, (kind, text) in enumerate(blocks) if kind == "sh"]
        self.assertTrue(scripts)
        script = self.place / "recipe.sh"
        script.write_text("set -eu\n" + "".join(
            f"{{\n{self.here(text)}}} >{self.place}/printed{number}\n" for number, text in scripts) + ending,
            encoding="utf-8")
        shell = self.shell(script)
        wait_for(lambda: shell.exit_code is not None or (self.place / "over").exists(), "the recipe ends", PATIENCE * 3)
        for number, text in scripts:
            printed = self.place / f"printed{number}"
            self.assertTrue(printed.exists(), f"not reached:\n{text}\n{self.told(shell)}")
            shown = blocks[number + 1][1] if blocks[number + 1:] and blocks[number + 1][0] == "output" else "..."
            found = printed.read_text(encoding="utf-8")
            self.assertTrue(matches(self.here(shown), found), f"{text}\nprinted\n{found}\ninstead of\n{shown}\n"
                            f"{self.told(shell)}")
        self.assertIn(shell.exit_code, (0, None), self.told(shell))
        return shell

    def shell(self, script):
        """All it starts is in a session of its own, which ends with the test."""
        shell = Child(["bash", str(script)], str(self.place / "shell.log"), environment=self.environment,
                      limits=lambda: (os.setsid(), os.chdir(self.place)))
        self.addCleanup(self.end, shell)
        return shell

    def end(self, shell):
        try:
            os.killpg(shell.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        shell.wait()

    def told(self, shell):
        log = self.place / "weir.log"
        return shell.output() + (log.read_text(encoding="utf-8")[-3000:] if log.exists() else "")


class Recipes(RecipeTest):
    def test_a_canary_in_five_minutes(self):
        self.run_blocks(recipe("A canary in five minutes"))

    def test_shadow_testing_a_rewrite(self):
        self.run_blocks(recipe("Shadow testing a rewrite"))

    def test_a_rolling_deployment(self):
        self.run_blocks(recipe("Rolling deployment from a CI job"))


class BlueGreen(RecipeTest):
    def setUp(self):
        super().setUp()
        blocks = recipe("Blue-green from a CI job")
        self.workflows = [Workflow(self.here(text)) for kind, text in blocks if kind == "yaml"]
        self.started = self.run_blocks(blocks, ending=f"touch {self.place}/over\nwait\n")

    def run_job(self, workflow):
        """The names of the steps that were run, as GitHub runs them: after a failure only those that are for it."""
        failed, done = False, []
        environment = {**self.environment, **workflow.environment, "WATCH_SECONDS": "2"}
        for name, after_failure, script in workflow.steps:
            if after_failure != failed:
                continue
            done.append(name)
            step = subprocess.run(["bash", "-e", "-c", script], env=environment, capture_output=True,
                                  timeout=PATIENCE * 3, check=False, cwd=self.place)
            failed = failed or step.returncode != 0
            self.said = step.stdout + step.stderr
        return done, failed

    def serving(self):
        with RawClient(("127.0.0.1", int(self.ports["8080"]))) as client:
            return {client.request("GET", f"/{number}", [("x-user-id", f"user-{number}")]).get("X-Origin")
                    for number in range(50)}

    def kill_green(self):
        shell = self.started.pid
        killed = []
        for pid in pathlib.Path(f"/proc/{shell}/task/{shell}/children").read_text(encoding="ascii").split():
            if b"green" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                os.kill(int(pid), signal.SIGKILL)
                killed.append(pathlib.Path(f"/proc/{pid}/fd"))
        wait_for(lambda: not any(self.files(each) for each in killed), "their ports are free")

    @staticmethod
    def files(folder):
        try:
            return os.listdir(folder)
        except OSError:
            return []

    def test_each_workflow_releases(self):
        self.assertEqual(len(self.workflows), 2)
        for workflow in self.workflows:
            self.assertEqual(self.serving(), {"blue"})
            done, failed = self.run_job(workflow)
            self.assertFalse(failed, self.said)
            self.assertEqual(done, [name for name, after_failure, _ in workflow.steps if not after_failure])
            self.assertEqual(self.serving(), {"green"})
            back, = [step for step in workflow.steps if step[1]]
            workflow.steps = [(back[0], False, back[2])]
            self.run_job(workflow)

    def test_each_workflow_rolls_back_when_green_is_broken(self):
        self.kill_green()
        for workflow in self.workflows:
            workflow.steps = [step for step in workflow.steps if "tester" not in step[0]]
            done, failed = self.run_job(workflow)
            self.assertTrue(failed)
            self.assertEqual(done[-1], "All users back to blue", self.said)
            self.assertEqual(self.serving(), {"blue"})
            weights = {each["variant"]: each["weight"] for each in self.routes()[0]["split"]["variants"]}
            self.assertEqual(weights, {"stable": 100, "canary": 0})

    def test_each_workflow_rolls_back_when_green_fails_what_cannot_be_repeated(self):
        self.kill_green()
        for port in ("9102", "9103"):
            server = http.server.ThreadingHTTPServer(("127.0.0.1", int(self.ports[port])), FailsPosts)
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
            threading.Thread(target=server.serve_forever, daemon=True).start()
        over = threading.Event()
        self.addCleanup(over.set)
        threading.Thread(target=self.post_until, args=(over,), daemon=True).start()
        for workflow in self.workflows:
            workflow.steps = [step for step in workflow.steps if "tester" not in step[0]]
            done, failed = self.run_job(workflow)
            self.assertTrue(failed, self.said)
            self.assertEqual(done[-1], "All users back to blue", self.said)

    def post_until(self, over):
        while not over.wait(0.1):
            with RawClient(("127.0.0.1", int(self.ports["8080"]))) as client:
                client.request("POST", "/", [("x-user-id", "ann")], body=b"once")

    def routes(self):
        with RawClient(("127.0.0.1", int(self.ports["9901"]))) as client:
            client.send("GET /v1/routes HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return json.loads(client.response().body)


if __name__ == "__main__":
    main()

"""Asks the running server everything that its OpenAPI documents say can be asked, and holds each answer against them: no
5xx, no status that is not documented, no body of another shape. A validator of somebody else's reads the documents first.
Each contract is asked twice: with whatever values fit, and with ids of things that are there, so that requests reach what
lies behind a look-up."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
TOOLS = Path(sys.executable).absolute().parent
CLIENT, PSYCHOLOGIST = "507f1f77bcf86cd799439012", "507f1f77bcf86cd799439013"


class Server:
    """The real binary on a free port, with fresh data; ended by its own process id."""

    def __init__(self, binary, data):
        self.binary, self.data = binary, data
        environment = os.environ | {
            "CONCORD_VIDEO_CALLS__REQUESTS_PER_MINUTE": "10000",
            "CONCORD_LOG__FILTER": "error",
        }
        arguments = [binary, "serve", "--listen", "127.0.0.1:0", "--store", "memory:", "--data", str(data)]
        self.log = open(data / "log", "w+")
        self.process = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=self.log)
        address = data / "address"
        while not (address.exists() and address.read_text()):
            if self.process.poll() is not None:
                sys.exit((data / "log").read_text())
            os.sched_yield()
        self.url = f"http://{address.read_text()}"

    def token(self, user, role):
        made = [self.binary, "token", "--data", str(self.data), "--user", user, "--role", role, "--ttl", "2h"]
        return subprocess.run(made, check=True, capture_output=True, text=True).stdout.strip()

    def post(self, path, body, token=""):
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def ask(server, name, base, what, *options, known=None):
    """Runs schemathesis on one document; `known` are values for parameters."""
    config = server.data / "schemathesis.toml"
    lines = [f"{key} = {json.dumps(value)}" for key, value in (known or {}).items()]
    config.write_text("\n".join(["[parameters]", *lines, ""]))
    started = time.monotonic()
    run = [TOOLS / "schemathesis", "--no-color", "--config-file", config, "run"]
    run += [f"{server.url}/openapi/{name}.json", "--url", server.url + base, "--checks", CHECKS]
    run += ["--seed", "7", "--max-examples", os.environ.get("EXAMPLES", "20"), *options]
    # It keeps notes where it runs.
    done = subprocess.run(run, capture_output=True, text=True, cwd=server.data)
    said = done.stdout + done.stderr
    if done.returncode != 0:
        sys.exit(f"{name}\n{said}\n{(server.data / 'log').read_text()}")
    tested = re.search(r"Tested:\s+(\d+)", said)
    cases = re.search(r"(\d+) generated, (\d+) passed", said)
    print(f"{name}, {what}: {tested[1]} operations, {cases[1]} requests, {time.monotonic() - started:.0f} s", flush=True)


def main():
    documents = sorted(Path("specs/api").glob("*.openapi.json"))
    for document in documents:
        subprocess.run([sys.executable, "-m", "openapi_spec_validator", document], check=True)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(sys.argv[1], Path(folder))
        try:
            everything(server)
        finally:
            server.stop()
    print(f"{len(documents)} passed, 0 failed")


def everything(server):
    admin = server.token("ops", "admin")
    ann = {"id": "ann", "name": "Ann", "color": "red"}
    ask(server, "Interview", "/api/v1", "whatever fits")
    session = server.post("/api/v1/sessions", {"creator": ann})["data"]["id"]
    kept = ["--exclude-method", "DELETE"]
    ask(server, "Interview", "/api/v1", "what is there", *kept, known={"room": session, "user": "ann"})

    wish = {"client": CLIENT, "psychologist": PSYCHOLOGIST, "sessionType": "Individual"}
    wish["startsAt"] = int(time.time() * 1000)
    appointment = server.post("/api/Appointment/schedule", wish, admin)["appointment"]
    for action in ["confirm", "recordPayment"]:
        server.post(f"/api/Appointment/{action}", {"appointment": appointment}, admin)
    header = ["--header", f"x-auth-token: {server.token(CLIENT, 'client')}"]
    ask(server, "VideoCalls", "/api/video-calls", "whatever fits", *header)
    ask(server, "VideoCalls", "/api/video-calls", "what is there", *header, known={"sessionId": appointment})
    ask(server, "VideoCalls", "/api/v1/video-calls", "without a token")

    ask(server, "Api", "/", "whatever fits", "--header", f"authorization: Bearer {admin}")
    ask(server, "Api", "/", "without a token", "--phases", "coverage")


main()

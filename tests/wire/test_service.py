"""What every service does by itself: start, configuration, log lines, jobs, and an orderly end. Asked of wire_yard."""

import json
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from support.programs import BINARIES, Program, Service, fetch, free_port, tool, wait_until
from support.raw import Raw

YARD = "wire_yard"
IDS = r"\[yard,[0-9a-f]{32},[0-9a-f]{16}\]"


@pytest.fixture
def run(owner, tmp_path):
    """run("hello", "--help"): a program that ends by itself; its status and output."""

    def to_the_end(name, *arguments, env=None, cwd=None):
        program = Program([BINARIES / name, *arguments], owner.log_path(name), env=env, cwd=cwd or tmp_path)
        owner.add(program)
        return program.wait_for_exit(), program.log()

    return to_the_end


def is_refused(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def in_background(function, *arguments):
    """A thread whose result is asked for by calling what this returns."""
    result = []
    thread = threading.Thread(target=lambda: result.append(function(*arguments)))
    thread.start()

    def wait():
        thread.join(30)
        assert result, "no answer"
        return result[0]

    return wait


def wait_until_busy(service, count=1):
    """Until that many connections of clients are open."""
    wait_until(lambda: connections_of(service.port) >= count, f"{count} connections", 5)


def connections_of(port):
    wanted = f":{port:04X}"
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table][1:]
    return sum(1 for row in rows if row[1].endswith(wanted) and row[3] == "01")


# ---- start -----------------------------------------------------------------------------------------------------------


def test_the_first_line_says_how_long_it_took_and_where_it_listens(service):
    yard = service(YARD)
    line = yard.wait_for_log("started in")
    assert re.search(rf"started in \d+ ms, listens on http://0\.0\.0\.0:{yard.port}$", line)
    assert len(yard.log().splitlines()) == 1


def test_a_taken_port_is_one_line_with_its_holder_and_exit_code_1(service, run):
    yard = service(YARD)
    status, output = run(YARD, f"--server.port={yard.port}")
    assert status == 1
    (line,) = output.splitlines()
    assert f"port {yard.port} is taken by {YARD} (pid {yard.pid})" in line


def test_a_taken_management_port_is_said_too(service, run):
    yard = service(YARD)
    status, output = run(YARD, "--server.port=0", f"--management.server.port={yard.port}")
    assert status == 1
    assert f"port {yard.port} is taken" in output and "--management.server.port" in output


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("--server.port=abc", "server.port: expected integer, got 'abc'"),
        ("--yard.docks=10", "yard.docks: must be less than or equal to 9"),
        ("--server.prot=1", "did you mean 'server.port'?"),
        ("--yard.nmae=x", "did you mean 'yard.name'?"),
        ("--logging.level.root=loud", "logging.level.root"),
        ("--tracing.sampler.probability=2", "tracing.sampler.probability"),
        ("--server.ssl.certificate=/nowhere.pem", "/nowhere.pem"),
        ("--server.address=nowhere", "nowhere"),
        ("--spring.config.import=nowhere.yml", "nowhere.yml"),
        ("--logging.file.name=/nowhere/yard.log", "/nowhere/yard.log"),
    ],
)
def test_bad_configuration_is_one_line_and_exit_code_1(run, argument, said):
    status, output = run(YARD, "--server.address=127.0.0.1", argument)
    assert status == 1, output
    (line,) = output.splitlines()
    assert "cannot start: " in line and said in line


def test_a_malformed_file_is_one_line_and_exit_code_1(run, tmp_path):
    (tmp_path / "application.yml").write_text("yard:\n  name: [1\n")
    status, output = run(YARD, "--server.port=0")
    assert status == 1
    assert len(output.splitlines()) == 1 and "application.yml" in output


def test_help_lists_properties_and_version_is_one_line(run):
    status, output = run(YARD, "--help")
    assert status == 0
    assert "--yard.docks=1\n      How many ships fit." in output
    assert "--server.port=8080" in output and "--flotilla.shutdown.drain-delay" in output
    status, output = run(YARD, "--version")
    assert status == 0 and re.fullmatch(r"yard \(flotilla \d+\.\d+\.\d+, .*\)\n", output)


def test_the_flotilla_program_knows_help_version_and_wrong_words(run):
    status, output = run("flotilla", "--version")
    assert status == 0 and re.fullmatch(r"flotilla \d+\.\d+\.\d+ \(.*\)\n", output)
    assert run("flotilla", "--help")[0] == 0
    status, output = run("flotilla", "no-such-role")
    assert status == 2 and "no such role: no-such-role" in output


def test_operations_answer_while_start_up_tasks_run_and_nothing_else_does(owner):
    yard = owner.add(Service(YARD, owner.log_path("yard"), {"yard.start-delay": "1500ms"}))
    yard.wait_until_ready()  # it listens
    early = yard.get("/config")
    assert (early.status, early.headers["retry-after"]) == (503, "1")
    assert yard.get("/actuator/health/readiness").status == 503
    assert yard.get("/actuator/health/liveness").status == 200
    wait_until(lambda: yard.get("/config").status == 200, "readiness", 5)
    assert yard.get("/actuator/health/readiness").status == 200
    yard.wait_for_log("ready after")


def test_a_start_up_task_that_fails_ends_the_service(run):
    status, output = run(YARD, "--server.port=0", "--yard.start-fails=true")
    assert status == 1
    assert "start-up task 1 failed: no water in the dock" in output


# ---- configuration ---------------------------------------------------------------------------------------------------


def test_configuration_comes_from_files_profiles_environment_and_command_line(owner, tmp_path):
    (tmp_path / "application.yml").write_text("yard: {name: file, docks: 2}\n")
    (tmp_path / "application-dev.yml").write_text("yard: {name: profile}\n")

    def config(arguments=(), env=None):
        port = free_port()
        command = [BINARIES / YARD, f"--server.port={port}", *arguments]
        yard = owner.add(Program(command, owner.log_path("yard"), env=env, cwd=tmp_path))
        yard.wait_for_port(port)
        answer = json.loads(fetch(f"http://127.0.0.1:{port}/config").text)
        assert yard.stop() == 0
        return answer["name"], answer["docks"]

    assert config() == ("file", 2)
    dev = ["--spring.profiles.active=dev"]
    assert config(dev) == ("profile", 2)
    assert config(dev, {"YARD_NAME": "variable"}) == ("variable", 2)
    assert config([*dev, "--yard.name=argument"], {"YARD_NAME": "variable", "YARD_DOCKS": "3"}) == ("argument", 3)


# ---- log lines -------------------------------------------------------------------------------------------------------


def test_tracing_f14_lines_inside_a_request_carry_its_trace(service):
    yard = service(YARD)
    trace, span = "5e8eeec48b08e26882aba313eb08f0a4", "dcc1df555b5777b3"
    yard.get("/log", headers={"b3": f"{trace}-{span}-1"})
    inside = yard.wait_for_log("inside a request")
    assert re.search(IDS, inside)
    assert f"[yard,{trace},{span}]" in inside
    assert "[yard,,]" in yard.wait_for_log("started in")


def test_a_handler_that_throws_is_logged_with_its_trace_and_answered_with_500(service):
    yard = service(YARD)
    answer = yard.get("/throws")
    assert answer.status == 500
    line = yard.wait_for_log("the crane broke")
    assert "ERROR" in line and answer.headers["x-trace-id"] in line


def test_json_lines(service):
    yard = service(YARD, {"logging.format": "json"})
    yard.get("/log")
    line = json.loads(yard.wait_for_log("inside a request"))
    assert line["message"] == "inside a request" and line["service"] == "yard"
    assert re.fullmatch("[0-9a-f]{32}", line["traceId"]) and re.fullmatch("[0-9a-f]{16}", line["spanId"])


def test_lines_also_go_to_the_file_that_is_named(service, tmp_path):
    log_file = tmp_path / "yard.log"
    yard = service(YARD, {"logging.file.name": log_file})
    assert yard.stop() == 0
    assert "started in" in log_file.read_text() and "stopped" in log_file.read_text()


# ---- jobs ------------------------------------------------------------------------------------------------------------


def test_jobs_run_in_traces_of_their_own_and_are_measured(service):
    yard = service(YARD, {"yard.jobs": "true", "management.endpoints.web.exposure.include": "*"})
    assert re.search(IDS, yard.wait_for_log("the tide turns"))
    assert re.search(IDS + ".*Crane.inspect failed: runtime_error: rust", yard.wait_for_log("Crane.inspect failed"))
    wait_until(lambda: yard.log().count("the tide turns") >= 3, "three turns")
    traces = re.findall(r"\[yard,([0-9a-f]{32}),.*the tide turns", yard.log())
    assert len(set(traces)) == len(traces)

    def told():
        """While a run goes on it is the last one, and its end is not known: this looks between two."""
        tasks = json.loads(yard.get("/actuator/scheduledtasks").text)
        (rate,), (delay,), (cron,) = tasks["fixedRate"], tasks["fixedDelay"], tasks["cron"]
        return delay["lastExecution"]["status"] == "ERROR" and (rate, delay, cron)

    rate, delay, cron = wait_until(told, "the failure is told")
    assert (rate["runnable"]["target"], rate["interval"]) == ("Tide.turnAround", 50)
    assert rate["lastExecution"]["status"] in ("SUCCESS", "STARTED")
    assert delay["lastExecution"]["exception"] == {"type": "runtime_error", "message": "rust"}
    assert cron["expression"] == "0 0 3 * * *" and cron["nextExecution"]["time"] > "2026"

    scrape = yard.get("/actuator/prometheus").text
    assert re.search(
        r'tasks_scheduled_execution_seconds_count\{code_function="turnAround",code_namespace="Tide",error="none",'
        r'exception="none",outcome="SUCCESS"\} [1-9]',
        scrape,
    )
    assert 'exception="runtime_error",outcome="ERROR"' in scrape


# ---- the end ---------------------------------------------------------------------------------------------------------


def test_f26_a_request_of_three_seconds_is_answered_after_sigterm(service):
    yard = service(YARD)
    answer = in_background(yard.get, "/slow/3000", None, 10)
    wait_until_busy(yard)
    yard.signal(signal.SIGTERM)
    wait_until(lambda: is_refused(yard.port), "the listener closed", 3)
    answered = answer()
    assert (answered.status, answered.text) == (200, "done\n")
    assert answered.headers["connection"] == "close"
    assert yard.wait_for_exit() == 0
    assert "the gates are shut" in yard.log()


def test_f26_a_request_longer_than_the_phase_is_cut_and_logged(service, connect):
    yard = service(YARD, {"spring.lifecycle.timeout-per-shutdown-phase": "400ms"})
    client = connect(yard.port)
    client.send("GET /slow/60000 HTTP/1.1\r\nHost: a\r\n\r\n")
    wait_until_busy(yard)
    time.sleep(0.1)  # the request has to be read, not only sent
    yard.signal(signal.SIGTERM)
    assert client.is_closed()
    assert yard.wait_for_exit() == 1
    assert "cut off after the time limit: requests 1, jobs 0" in yard.log()


def test_immediate_shutdown_waits_for_nobody(service, connect):
    yard = service(YARD, {"server.shutdown": "immediate"})
    client = connect(yard.port)
    client.send("GET /slow/60000 HTTP/1.1\r\nHost: a\r\n\r\n")
    time.sleep(0.1)
    yard.signal(signal.SIGTERM)
    assert yard.wait_for_exit(3) == 0


def test_f27_on_a_port_of_its_own_liveness_answers_until_the_end(service):
    management = free_port()
    yard = service(YARD, {"management.server.port": management, "flotilla.shutdown.drain-delay": "1s"})
    liveness = f"http://127.0.0.1:{management}/actuator/health/liveness"
    readiness = f"http://127.0.0.1:{management}/actuator/health/readiness"
    assert yard.get("/actuator/health").status == 404
    wait_until(lambda: (fetch(liveness).status, fetch(readiness).status) == (200, 200), "alive and ready")
    answer = in_background(yard.get, "/slow/2500", None, 10)
    wait_until_busy(yard)
    yard.signal(signal.SIGTERM)
    wait_until(lambda: fetch(readiness).status == 503, "readiness refused", 1)
    assert yard.get("/config").status == 200  # still served: others have not heard of it yet
    wait_until(lambda: is_refused(yard.port), "the main listener closed", 3)
    assert fetch(liveness).status == 200
    assert answer().status == 200
    assert yard.wait_for_exit() == 0


def test_an_announced_service_serves_two_more_seconds_and_says_close(service, connect):
    yard = service(YARD, {"yard.announced": "true"})
    idle = connect(yard.port)
    idle.send("GET /config HTTP/1.1\r\nHost: a\r\n\r\n")
    assert "connection" not in idle.read_answer()[1]
    asked = time.monotonic()
    yard.signal(signal.SIGTERM)
    yard.wait_for_log("stopping, serves for another 2s")
    idle.send("GET /config HTTP/1.1\r\nHost: a\r\n\r\n")
    status, headers, _ = idle.read_answer()
    assert (status, headers["connection"]) == (200, "close")
    assert idle.is_closed()
    assert yard.wait_for_exit() == 0
    assert 1.9 < time.monotonic() - asked < 4


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_nobody_knows_of_ends_at_once(service, number):
    yard = service(YARD)
    yard.get("/config")
    asked = time.monotonic()
    yard.signal(number)
    assert yard.wait_for_exit() == 0
    assert time.monotonic() - asked < 1


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_second_signal_ends_it_at_once(service, connect, number, status):
    yard = service(YARD)
    client = connect(yard.port)
    client.send("GET /slow/60000 HTTP/1.1\r\nHost: a\r\n\r\n")
    time.sleep(0.1)
    yard.signal(signal.SIGTERM)
    yard.wait_for_log("stopping")
    yard.signal(number)
    assert yard.wait_for_exit(2) == status


def test_a_thread_of_the_pool_that_does_not_end_does_not_hold_up_the_end(service, connect):
    yard = service(YARD, {"spring.lifecycle.timeout-per-shutdown-phase": "300ms"})
    client = connect(yard.port)
    client.send("GET /blocking/60000 HTTP/1.1\r\nHost: a\r\n\r\n")
    time.sleep(0.1)
    yard.signal(signal.SIGTERM)
    assert yard.wait_for_exit(5) == 1


def test_f25_under_load_no_request_is_lost_while_it_stops(service):
    """Clients that keep their connections and heed `Connection: close`, as gateways do."""
    yard = service(YARD, {"flotilla.shutdown.drain-delay": "700ms"})
    answered, failures = [0] * 16, []

    def client(index):
        try:
            with Raw(yard.port, timeout=10) as raw:
                while True:
                    raw.send("GET /config HTTP/1.1\r\nHost: a\r\n\r\n")
                    status, headers, _ = raw.read_answer()
                    assert status == 200, status
                    answered[index] += 1
                    if headers.get("connection") == "close":
                        return
        except Exception as failure:
            failures.append(repr(failure))

    clients = [threading.Thread(target=client, args=(i,)) for i in range(len(answered))]
    for each in clients:
        each.start()
    wait_until(lambda: min(answered) > 0 and sum(answered) > 2000, "load", 10)
    yard.signal(signal.SIGTERM)
    for each in clients:
        each.join(15)
    assert failures == []
    assert yard.wait_for_exit() == 0


# ---- TLS -------------------------------------------------------------------------------------------------------------


def served_certificate(port, authority):
    done = subprocess.run(
        [tool("openssl"), "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost",
         "-CAfile", authority.certificate, "-verify_return_error", "-alpn", "http/1.1"],
        input="", capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_tls_speaks_to_openssl_and_reads_its_certificate_again_on_sighup(service, authority):
    certificate, key = authority.issue("first-ship")
    yard = service(
        YARD,
        {"server.ssl.certificate": certificate, "server.ssl.certificate-private-key": key,
         "management.endpoint.health.show-details": "always"},
    )  # fmt: skip
    assert "https://" in yard.wait_for_log("listens on")
    first = served_certificate(yard.port, authority)
    assert "CN = first-ship" in first and "ALPN protocol: http/1.1" in first
    health = json.loads(fetch(yard.url("/actuator/health", "https"), context=authority.client_context()).text)
    assert health["components"]["ssl"]["status"] == "UP"

    second, second_key = authority.issue("second-ship")
    certificate.write_bytes(second.read_bytes())
    key.write_bytes(second_key.read_bytes())
    yard.signal(signal.SIGHUP)
    yard.wait_for_log("certificate read again")
    assert "CN = second-ship" in served_certificate(yard.port, authority)

    certificate.write_text("nonsense")
    yard.signal(signal.SIGHUP)
    yard.wait_for_log("certificate stays as it is")
    assert "CN = second-ship" in served_certificate(yard.port, authority)

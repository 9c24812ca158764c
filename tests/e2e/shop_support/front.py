"""What stands before gateways: the real proxies with the configuration that deploy/proxies ships."""

import http.client
import os

from support.programs import ROOT, Program, free_port, tool

SHIPPED = ROOT / "deploy/proxies"


class Answer:
    """As it came; `headers` is an http.client.HTTPMessage: a name may stand there several times."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body


class Front(Program):
    """A program that listens on `port`."""

    port = 0

    def get(self, path, headers=None, source=None):
        connection = self.connection(source)
        try:
            return self.get_by(connection, path, headers)
        finally:
            connection.close()

    def connection(self, source=None):
        """From that address of this machine (127.0.0.9), so that a chain of addresses can be told apart."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=15, source_address=source and (source, 0))

    @staticmethod
    def get_by(connection, path, headers=None):
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())


def shipped_with(name, pairs):
    """The text of a shipped file with some of it replaced, which has to be there."""
    text = (SHIPPED / name).read_text()
    for old, new in pairs:
        assert old in text, f"{old!r} in {name}"
        text = text.replace(old, new)
    return text


class Squid(Front):
    def __init__(self, folder, gateway_port):
        self.port = free_port()
        config = folder / "squid.conf"
        text = shipped_with(
            "squid.conf",
            [("http_port 80 ", f"http_port 127.0.0.1:{self.port} "), (" parent 8000 ", f" parent {gateway_port} ")],
        )
        # It runs in the foreground and leaves no files behind.
        text += "pid_filename none\naccess_log none\ncache_log /dev/null\nshutdown_lifetime 1 seconds\nnetdb_filename none\n"
        config.write_text(text)
        super().__init__([tool("squid"), "-N", "-f", config], folder / "squid.log")
        self.wait_for_port(self.port, 30)


class Varnish(Front):
    def __init__(self, folder, gateway_port):
        self.port = free_port()
        config = folder / "shop.vcl"
        config.write_text(shipped_with("varnish.vcl", [('.port = "8000"', f'.port = "{gateway_port}"')]))
        command = [tool("varnishd"), "-F", "-f", config, "-a", f"127.0.0.1:{self.port}", "-n", folder / "varnish"]
        super().__init__([*command, "-s", "malloc,64m", "-j", "none"], folder / "varnish.log")
        self.wait_for_port(self.port, 30)  # it compiles its configuration first


APACHE_MODULES = (
    "mpm_event authz_core headers slotmem_shm proxy proxy_http proxy_balancer proxy_hcheck "
    "lbmethod_byrequests lbmethod_bytraffic lbmethod_bybusyness"
).split()


class Apache(Front):
    """`weights` of the two gateways; `method` is byrequests, bytraffic or bybusyness."""

    def __init__(self, folder, gateway_ports, method="byrequests", weights=(1, 1)):
        self.port = free_port()
        config = folder / "httpd.conf"
        modules = [f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in APACHE_MODULES]
        definitions = [f"Define GATEWAY_{i + 1} http://127.0.0.1:{port}" for i, port in enumerate(gateway_ports)]
        definitions += [f"Define WEIGHT_{i + 1} {weight}" for i, weight in enumerate(weights)]
        lines = [
            f"ServerRoot {folder}",
            f"DefaultRuntimeDir {folder}",
            f"PidFile {folder}/httpd.pid",
            f"Listen 127.0.0.1:{self.port}",
            "ServerName localhost",
            "ErrorLog /dev/stderr",
            "LogLevel warn proxy_hcheck:info",
            *modules,
            *(["User www-data", "Group www-data"] if os.geteuid() == 0 else []),
            *definitions,
            f"Define LBMETHOD {method}",
            f"Include {SHIPPED}/apache.conf",
        ]
        config.write_text("\n".join(lines) + "\n")
        super().__init__([tool("apache2"), "-D", "FOREGROUND", "-f", config], folder / "apache.log")
        self.wait_for_port(self.port)

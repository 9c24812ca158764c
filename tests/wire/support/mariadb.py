"""A MariaDB server of one's own: a data folder, a free port, and no memory of anybody else's."""

import getpass
import shutil
import signal
import subprocess
import tempfile

from support.programs import Program, free_port, tool

# Small: the tests need its behaviour, not its speed.
SETTINGS = ("--innodb-log-file-size=8M", "--innodb-buffer-pool-size=32M", "--performance-schema=OFF")
USER = "shop"
PASSWORD = "1234"


def install(folder):
    """An empty data folder, which servers start from copies of."""
    data = folder / "data"
    temporary = folder / "tmp"
    temporary.mkdir()
    done = subprocess.run(
        [
            tool("mariadb-install-db"), "--no-defaults", f"--datadir={data}", f"--user={getpass.getuser()}",
            "--auth-root-authentication-method=normal", "--skip-test-db", f"--tmpdir={temporary}", *SETTINGS,
        ],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return data


class MariaDb:
    """user "shop", password "1234", from 127.0.0.1, with every right; database "test" unless another is made."""

    user = USER
    password = PASSWORD

    def __init__(self, template, folder, owner):
        self.port = free_port()
        self._owner = owner
        self._data = folder / "mariadb"
        shutil.copytree(template, self._data)
        # The path of a socket may have about a hundred characters: too few for a test's folder. Temporary tables
        # go there too: a server that starts empties its folder for them of what others left.
        self._short = tempfile.mkdtemp(prefix="flt-db-")
        self._init = folder / "mariadb-init.sql"
        self._init.write_text(
            f"create user if not exists '{USER}'@'127.0.0.1' identified by '{PASSWORD}';\n"
            f"grant all on *.* to '{USER}'@'127.0.0.1';\n"
            "create database if not exists test;\n"
        )
        self.start()

    def start(self):
        command = [
            tool("mariadbd"), "--no-defaults", f"--datadir={self._data}", f"--socket={self._short}/s",
            f"--pid-file={self._short}/pid", f"--port={self.port}", "--bind-address=127.0.0.1",
            "--skip-networking=0", "--skip-name-resolve", f"--user={getpass.getuser()}",
            f"--init-file={self._init}", f"--tmpdir={self._short}", *SETTINGS,
        ]  # fmt: skip
        self.process = self._owner.add(Program(command, self._owner.log_path("mariadbd")))
        self.process.wait_for_log("ready for connections", limit=60)

    def kill(self):
        """As kill -9 does: no good-bye to anybody."""
        self.process.signal(signal.SIGKILL)
        self.process.wait_for_exit()

    def freeze(self):
        """It keeps its connections and says nothing, up to thaw()."""
        self.process.signal(signal.SIGSTOP)

    def thaw(self):
        self.process.signal(signal.SIGCONT)

    def restart(self):
        """On the same port, with the same data."""
        if self.process.running:
            self.process.stop(limit=30)
        self.start()

    def url(self, database="test"):
        return f"jdbc:mariadb://127.0.0.1:{self.port}/{database}"

    def properties(self, database="test"):
        """What a service needs to use it."""
        return {
            "spring.datasource.url": self.url(database),
            "spring.datasource.username": USER,
            "spring.datasource.password": PASSWORD,
        }

    def query(self, text, database="test"):
        """Rows as lists of texts, through MariaDB's own client."""
        done = subprocess.run(
            [
                tool("mariadb"), "--no-defaults", "-h127.0.0.1", f"-P{self.port}", f"-u{USER}", f"-p{PASSWORD}",
                "--batch", "--skip-column-names", "-e", text, database,
            ],
            capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def create_database(self, name):
        self.query(f"create database if not exists `{name}`")

    def remove(self):
        shutil.rmtree(self._short, ignore_errors=True)

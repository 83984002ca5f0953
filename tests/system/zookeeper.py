"""Real ZooKeeper servers of Debian's package in private folders, one or an ensemble of three, and a view of their tree."""
import os, signal, socket, subprocess, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from party import PATIENCE, free_port, skip, wait_for

JAR = '/usr/share/java/zookeeper.jar'
LOG = '<configuration/>'
ADDRESS = '127.0.0.1'

try:
    import kazoo.client
    import kazoo.exceptions
    import kazoo.security
    import logging
    logging.getLogger('kazoo').setLevel(logging.CRITICAL)
except ImportError:
    kazoo = None


def need_zookeeper():
    if not os.path.exists(JAR) or subprocess.run(['java', '-version'], capture_output=True).returncode or kazoo is None:
        skip('needs the packages zookeeper, default-jre-headless and python3-kazoo')


class Server:
    def __init__(self, folder, number=1, ensemble=None, port=None, tick_ms=500):
        """ensemble: [(quorum port, election port)] of all, in order of their numbers."""
        self.folder, self.number = os.path.join(folder, 'zk%d' % number), number
        self.port = port or free_port()
        self.process = None
        os.makedirs(os.path.join(self.folder, 'data'))
        with open(os.path.join(self.folder, 'zoo.cfg'), 'w') as f:
            f.write('tickTime=%d\ninitLimit=40\nsyncLimit=20\nminSessionTimeout=1000\nmaxSessionTimeout=60000\ndataDir=%s/data\n'
                    'clientPort=%d\nclientPortAddress=%s\nadmin.enableServer=false\nmaxClientCnxns=0\n4lw.commands.whitelist=*\n'
                    % (tick_ms, self.folder, self.port, ADDRESS))
            for i, (quorum, election) in enumerate(ensemble or []):
                f.write('server.%d=%s:%d:%d\n' % (i + 1, ADDRESS, quorum, election))
        with open(os.path.join(self.folder, 'data', 'myid'), 'w') as f:
            f.write('%d\n' % number)

    @property
    def address(self):
        return '%s:%d' % (ADDRESS, self.port)

    def spawn(self):
        with open(os.path.join(self.folder, 'log'), 'ab') as log:
            self.process = subprocess.Popen(
                ['java', '-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData', '-Dzookeeper.jmx.log4j.disable=true',
                 '-Dzookeeper.forceSync=no', '-cp', JAR,
                 'org.apache.zookeeper.server.quorum.QuorumPeerMain', os.path.join(self.folder, 'zoo.cfg')],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        return self

    def ask(self, word):
        try:
            with socket.create_connection((ADDRESS, self.port), 5) as s:
                s.settimeout(10)
                s.sendall(word.encode())
                got = b''
                while True:
                    more = s.recv(65536)
                    if not more:
                        return got.decode('utf-8', 'replace')
                    got += more
        except OSError:
            return ''

    def mode(self):
        """'standalone', 'leader', 'follower', or '' while it does not serve."""
        return next((l.split(': ')[1] for l in self.ask('srvr').splitlines() if l.startswith('Mode: ')), '')

    def wait(self):
        def up():
            if self.process.poll() is not None:
                with open(os.path.join(self.folder, 'log')) as f:
                    raise AssertionError('ZooKeeper ended:\n' + f.read()[-3000:])
            return self.mode() != ''
        wait_for('ZooKeeper at %s serves' % self.address, up)
        return self

    def start(self):
        return self.spawn().wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        if self.process:
            self.process.wait()
        self.process = None


class Ensemble:
    def __init__(self, folder, n=3):
        ports = [(free_port(), free_port()) for _ in range(n)]
        self.servers = [Server(folder, i + 1, ports if n > 1 else None) for i in range(n)]
        self.hosts = ','.join(s.address for s in self.servers)

    def start(self):
        for s in self.servers:
            s.spawn()
        for s in self.servers:
            s.wait()
        return self

    def leader(self):
        return next((s for s in self.servers if s.process and s.mode() == 'leader'), None)

    def stop(self):
        for s in self.servers:
            s.stop()


class Tree:
    """Reads and writes the tree with a client that is not ours."""

    def __init__(self, hosts, auth=None):
        self.client = kazoo.client.KazooClient(hosts=hosts, timeout=20, auth_data=[('digest', auth)] if auth else None)
        self.client.start(timeout=PATIENCE)

    def close(self):
        self.client.stop()
        self.client.close()

    def nodes(self, path='/'):
        """path -> (data, ephemeral, [(scheme, id, permissions)]) of every node below, /zookeeper left out."""
        found = {}

        def walk(p):
            try:
                data, stat = self.client.get(p)
                acl = [(a.id.scheme, a.id.id, a.perms) for a in self.client.get_acls(p)[0]]
                children = self.client.get_children(p)
            except kazoo.exceptions.NoNodeError:
                return
            found[p] = (data.decode(), stat.ephemeralOwner, acl)
            for c in children:
                if c != 'zookeeper':
                    walk(p.rstrip('/') + '/' + c)
        walk(path)
        return found

    def children(self, path):
        try:
            return sorted(self.client.get_children(path))
        except kazoo.exceptions.NoNodeError:
            return []

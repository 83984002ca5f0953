"""Real redis-servers in a private folder on free ports, alone or as a cluster, and a client to look into them."""
import signal
from party import *


class RedisError(Exception):
    pass


class Redis:
    """One redis-server. Killed with the test, whatever happens."""

    def __init__(self, folder, password=None, cluster=False, tls=None, extra=()):
        if not shutil.which('redis-server'):
            skip('needs redis-server')
        self.port = free_port()
        # A node's bus is at its port + 10000 unless told otherwise.
        self.folder = os.path.join(folder, 'redis-%d' % self.port)
        os.makedirs(self.folder)
        self.password, self.cluster, self.tls, self.process = password, cluster, tls, None
        self.args = ['redis-server', '--bind', '127.0.0.1', '--dir', self.folder, '--save', '', '--appendonly', 'no',
                     '--loglevel', 'notice', '--daemonize', 'no']
        self.args += ['--port', '0', '--tls-port', str(self.port)] if tls else ['--port', str(self.port)]
        if tls:
            self.args += ['--tls-cert-file', tls['cert'], '--tls-key-file', tls['key'], '--tls-ca-cert-file', tls['ca'],
                          '--tls-auth-clients', tls.get('clients', 'no')]
        if password:
            self.args += ['--requirepass', password, '--masterauth', password]
        if cluster:
            self.args += ['--cluster-enabled', 'yes', '--cluster-port', str(free_port()), '--cluster-node-timeout', '4000',
                          '--cluster-require-full-coverage', 'no', '--cluster-replica-validity-factor', '0', '--repl-diskless-sync-delay', '0']
        self.args += list(extra)

    def start(self):
        with open(os.path.join(self.folder, 'log'), 'ab') as log:
            self.process = subprocess.Popen(self.args, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        running.append(self)
        wait_for('redis-server on %d' % self.port, self.answers)
        return self

    def answers(self):
        if self.process.poll() is not None:
            with open(os.path.join(self.folder, 'log')) as f:
                raise AssertionError('redis-server ended: ' + f.read())
        try:
            return self('PING') == b'PONG'
        except (OSError, RedisError):
            return False

    def __call__(self, *args):
        """One command on a connection of its own: bytes, int, list or None; RedisError."""
        with self.connect() as s:
            f = s.makefile('rwb')
            if self.password:
                self.send(f, 'AUTH', self.password)
                self.receive(f)
            self.send(f, *args)
            return self.receive(f)

    def connect(self):
        s = socket.create_connection(('127.0.0.1', self.port), PATIENCE)
        if self.tls:
            import ssl
            ctx = ssl.create_default_context(cafile=self.tls['ca'])
            if self.tls.get('clients') == 'yes':
                ctx.load_cert_chain(self.tls['cert'], self.tls['key'])
            s = ctx.wrap_socket(s, server_hostname='127.0.0.1')
        return s

    @staticmethod
    def send(f, *args):
        args = [a if isinstance(a, bytes) else str(a).encode() for a in args]
        f.write(b'*%d\r\n' % len(args) + b''.join(b'$%d\r\n%s\r\n' % (len(a), a) for a in args))
        f.flush()

    @classmethod
    def receive(cls, f):
        line = f.readline().rstrip(b'\r\n')
        if not line:
            raise ConnectionError('closed')
        kind, rest = line[:1], line[1:]
        if kind == b'-':
            raise RedisError(rest.decode())
        if kind == b'+':
            return rest
        if kind == b':':
            return int(rest)
        n = int(rest)
        if kind == b'$':
            return None if n < 0 else f.read(n + 2)[:-2]
        return None if n < 0 else [cls.receive(f) for _ in range(n)]

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def address(self):
        return '127.0.0.1:%d' % self.port


running = []


@contextlib.contextmanager
def redis_place():
    try:
        yield
    finally:
        for r in running:
            r.kill()


def slot_of(key):
    import binascii
    return binascii.crc_hqx(key.encode(), 0) % 16384


class Cluster:
    """n masters, each with one replica."""

    def __init__(self, folder, n=3, password=None):
        self.nodes = [Redis(folder, password, cluster=True).start() for _ in range(2 * n)]
        self.masters, self.replicas = self.nodes[:n], self.nodes[n:]
        for i, m in enumerate(self.masters):
            m('CLUSTER', 'ADDSLOTSRANGE', i * 16384 // n, (i + 1) * 16384 // n - 1)
            m('CLUSTER', 'SET-CONFIG-EPOCH', i + 1)
        for other in self.nodes[1:]:
            bus = other.args[other.args.index('--cluster-port') + 1]
            self.nodes[0]('CLUSTER', 'MEET', '127.0.0.1', other.port, bus)
        for r, m in zip(self.replicas, self.masters):
            me = m('CLUSTER', 'MYID').decode()
            wait_for('nodes to know each other', lambda: me in r('CLUSTER', 'NODES').decode())
            r('CLUSTER', 'REPLICATE', me)
        wait_for('the cluster', lambda: all(self.complete(x) for x in self.nodes))

    def complete(self, node):
        """All know all, all slots are served, and the replicas have caught up."""
        info = node('CLUSTER', 'INFO').decode()
        lines = node('CLUSTER', 'NODES').decode().splitlines()
        return ('cluster_state:ok' in info and 'cluster_slots_assigned:16384' in info and len(lines) == len(self.nodes) and
                sum('slave' in l.split()[2] for l in lines) == len(self.replicas) and
                all('master_link_status:up' in r('INFO', 'replication').decode() for r in self.replicas))

    def owner(self, key):
        slot = slot_of(key)
        for n in self.nodes:
            if n.process.poll() is not None:
                continue
            for first, last, master, *_ in n('CLUSTER', 'SLOTS'):
                if first <= slot <= last:
                    return next(x for x in self.nodes if x.port == master[1])
        raise AssertionError('nobody has slot %d' % slot)

    def __call__(self, name, key, *args):
        return self.owner(key)(name, key, *args)

    def move_slot(self, slot, source, target, at_half=lambda: None):
        """Moves a slot as redis-cli does, and stops in the middle, when half of its keys are there, for at_half."""
        s, t = source('CLUSTER', 'MYID'), target('CLUSTER', 'MYID')
        target('CLUSTER', 'SETSLOT', slot, 'IMPORTING', s)
        source('CLUSTER', 'SETSLOT', slot, 'MIGRATING', t)
        keys = source('CLUSTER', 'GETKEYSINSLOT', slot, 1000)
        half = (len(keys) + 1) // 2
        for i, k in enumerate(keys):
            if i == half:
                at_half()
            auth = ['AUTH', source.password] if source.password else []
            source('MIGRATE', '127.0.0.1', target.port, '', 0, 60000, *auth, 'KEYS', k)
        if len(keys) <= half:
            at_half()
        for n in [target, source] + [m for m in self.nodes if m not in (source, target) and m.process.poll() is None and
                                     m('ROLE')[0] == b'master']:
            n('CLUSTER', 'SETSLOT', slot, 'NODE', t)
        return len(keys)


class Load:
    """Requests all the time; every answer is right."""

    def __init__(self, ask, threads=3):
        self.ask, self.n, self.wrong, self.ending = ask, 0, [], threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i,), daemon=True) for i in range(threads)]
        for t in self.threads:
            t.start()

    def run(self, i):
        while not self.ending.is_set():
            i += 1
            try:
                fault = self.ask(i)
            except Exception as x:
                fault = repr(x)
            self.n += 1
            if fault:
                self.wrong.append(fault)

    def more(self, n):
        until = self.n + n
        wait_for('%d more requests' % n, lambda: self.n >= until)

    def end(self, c, what):
        self.ending.set()
        for t in self.threads:
            t.join()
        c.that('%s: all of %d requests right' % (what, self.n), self.n > 0 and not self.wrong, self.wrong[:3])

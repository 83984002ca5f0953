"""Two FATE-Flow servers of an installed FATE 1.11, unmodified, that train with each other, and what they need.

One server a party, each from a copy of the installation, on free ports of 127.0.0.1. Computing and storage are FATE's
standalone engine, federation goes through a real RabbitMQ and the tables lie in a real MariaDB: only so FATE-Flow takes the
other party for another server. Commands go through the `flow` command of the installation's own fate-client."""
import base64, csv, glob, shutil, subprocess, urllib.error, urllib.request
from party import *

GUEST, HOST = '9999', '10000'
RABBITMQ = '/usr/lib/rabbitmq/bin/rabbitmq-server'


def setting(path, name):
    """What a line NAME=value of FATE's own settings says."""
    with open(path, encoding='utf-8') as f:
        return next((l.split('=', 1)[1].strip().strip('"') for l in f if re.match(r'(export )?%s=' % name, l)), '')


class Process:
    """Something that is not ours; what still runs in the end is ended by stop_all."""
    running = []

    def __init__(self, folder, name, args, **more):
        os.makedirs(folder, exist_ok=True)
        self.log_path = os.path.join(folder, name + '.log')
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **more)
        self.running.append(self)

    @classmethod
    def stop_all(cls):
        for p in reversed(list(cls.running)):
            p.stop()

    def log(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as f:
            return f.read()

    def wait(self, what, up, patience=300):
        end = time.monotonic() + patience
        while not up():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError('%s does not serve:\n%s' % (what, self.log()[-3000:]))
            time.sleep(0.1)
        return self

    def stop(self):
        """The whole session: servers of others start helpers."""
        self.running.remove(self)
        for s in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, s)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)


def answers(port, path='/', user=None):
    try:
        r = urllib.request.Request('http://127.0.0.1:%d%s' % (port, path))
        if user:
            r.add_header('Authorization', 'Basic ' + base64.b64encode(user.encode()).decode())
        with urllib.request.urlopen(r, timeout=10):
            return True
    except urllib.error.HTTPError as e:
        return e.code < 500 and e.code != 401
    except OSError:
        return False


class Broker(Process):
    def __init__(self, folder):
        self.port, self.management, epmd = free_port(), free_port(), free_port()
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, 'plugins'), 'w') as f:
            f.write('[rabbitmq_management].\n')
        with open(os.path.join(folder, 'rabbit.conf'), 'w') as f:
            f.write('listeners.tcp.1 = 127.0.0.1:%d\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = %d\n'
                    % (self.port, self.management))
        at = lambda name: os.path.join(folder, name)
        shutil.rmtree(at('data'), ignore_errors=True)     # it holds nothing that outlives a job
        super().__init__(folder, 'rabbitmq', [RABBITMQ], cwd=folder, env={
            **os.environ, 'HOME': folder, 'ERL_EPMD_ADDRESS': '127.0.0.1', 'ERL_EPMD_PORT': str(epmd),
            'RABBITMQ_NODENAME': 'trial%d@localhost' % self.port, 'RABBITMQ_NODE_IP_ADDRESS': '127.0.0.1',
            'RABBITMQ_NODE_PORT': str(self.port), 'RABBITMQ_DIST_PORT': str(free_port()),
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS': '-kernel inet_dist_use_interface {127,0,0,1}',
            'RABBITMQ_MNESIA_BASE': at('data'), 'RABBITMQ_LOG_BASE': at('log'), 'RABBITMQ_ENABLED_PLUGINS_FILE': at('plugins'),
            'RABBITMQ_CONFIG_FILE': at('rabbit'), 'RABBITMQ_CONF_ENV_FILE': at('none')})
        self.wait('RabbitMQ', lambda: answers(self.management, '/api/overview', 'guest:guest'))


class Database(Process):
    def __init__(self, folder):
        self.port = free_port()
        os.makedirs(folder, exist_ok=True)
        init = os.path.join(folder, 'init.sql')
        with open(init, 'w') as f:
            f.write("CREATE USER IF NOT EXISTS fate@'127.0.0.1' IDENTIFIED BY 'fate';\nGRANT ALL ON *.* TO fate@'127.0.0.1';\n")
            f.write(''.join('CREATE DATABASE IF NOT EXISTS flow_%s;\n' % p for p in (GUEST, HOST)))
        super().__init__(folder, 'mariadb', [os.path.join(ROOT, 'tests', 'lib', 'mariadb-server'), os.path.join(folder, 'db'),
                                             str(self.port), init],
                         env={k: v for k, v in os.environ.items() if k != 'TMPDIR'})     # its user need not be able to write there
        self.wait('MariaDB', lambda: self.log().rfind("port: %d " % self.port) >= 0)


class Flow:
    """The FATE-Flow server of one party and its `flow` command."""

    def __init__(self, installed, work, party):
        self.party, self.folder = party, os.path.join(work, party)
        self.http, self.grpc = free_port(), free_port()
        self.python = os.path.join(setting(os.path.join(installed, 'bin', 'init_env.sh'), 'venv'), 'bin', 'python')
        self.server = None
        for part in ('bin', 'conf', 'fate.env', 'python', 'fateflow'):
            to = os.path.join(self.folder, part)
            if os.path.isdir(os.path.join(installed, part)):
                if not os.path.exists(to):
                    shutil.copytree(os.path.join(installed, part), to,
                                    ignore=shutil.ignore_patterns('logs', 'jobs', 'model_local_cache', '*.pid') if part == 'fateflow' else None)
            else:
                os.makedirs(self.folder, exist_ok=True)
                shutil.copy(os.path.join(installed, part), to)
        paths = [os.path.join(self.folder, *p) for p in (('python',), ('fateflow', 'python'), ('python', 'fate_client'))]
        self.env = {**os.environ, 'FATE_PROJECT_BASE': self.folder, 'PYTHONPATH': ':'.join(paths),
                    'VIRTUAL_ENV': os.path.dirname(os.path.dirname(self.python)),
                    'PATH': os.path.dirname(self.python) + ':' + os.environ['PATH']}

    def configure(self, other, database, broker, servings=(), zookeeper=None, acl=None):
        """Writes conf/service_conf.yaml, whole. acl: (user, password)."""
        with open(os.path.join(self.folder, 'conf', 'service_conf.yaml'), 'w') as f:
            json.dump({     # JSON is YAML
                'use_registry': bool(zookeeper), 'use_deserialize_safe_module': False, 'dependent_distribution': False,
                'encrypt_password': False, 'hook_module': {}, 'authentication': {'client': {'switch': False}, 'site': {'switch': False}},
                'permission': {'switch': False, 'component': False, 'dataset': False},
                'fateflow': {'host': '127.0.0.1', 'http_port': self.http, 'grpc_port': self.grpc, 'nginx': {}, 'protocol': 'http',
                             'proxy': {'name': 'fateflow', 'host': '127.0.0.1', 'http_port': other.http, 'grpc_port': other.grpc}},
                'database': {'name': 'flow_' + self.party, 'user': 'fate', 'passwd': 'fate', 'host': '127.0.0.1', 'port': database.port,
                             'max_connections': 100, 'stale_timeout': 30},
                'zookeeper': {'hosts': [zookeeper or '127.0.0.1:2181'], 'use_acl': bool(acl), 'user': acl and acl[0], 'password': acl and acl[1]},
                'default_engines': {'computing': 'standalone', 'federation': 'rabbitmq', 'storage': 'standalone'},
                'fate_on_standalone': {'standalone': {'cores_per_node': 20, 'nodes': 1}},
                'fate_on_spark': {'rabbitmq': {'host': '127.0.0.1', 'mng_port': broker.management, 'port': broker.port, 'user': 'guest',
                                               'password': 'guest', 'mode': 'client', 'max_message_size': 1048576}},
                'fateboard': {'host': '127.0.0.1', 'port': 8080}, 'enable_model_store': False,
                'servings': {'hosts': list(servings)}}, f, indent=2)

    def start(self):
        self.server = Process(self.folder, 'fate-flow', [self.python, os.path.join(self.folder, 'fateflow', 'python', 'fate_flow', 'fate_flow_server.py')],
                              cwd=self.folder, env=self.env)

    def wait(self):
        self.server.wait('FATE-Flow of ' + self.party, lambda: answers(self.http))
        self.flow('init', '-c', os.path.join(self.folder, 'conf', 'service_conf.yaml'))

    def stop(self):
        if self.server:
            self.server.stop()
        self.server = None

    def flow(self, *args):
        """What `flow …` printed, decoded."""
        done = subprocess.run([self.python, '-c', 'from flow_client.flow import flow_cli; flow_cli()', *args], cwd=self.folder, env=self.env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600)
        at = done.stdout.find('{')
        if at < 0:
            raise AssertionError('flow %s printed no answer:\n%s%s' % (' '.join(args), done.stdout, done.stderr))
        return json.loads(done.stdout[at:])

    def with_file(self, command, content, *more):
        """`flow COMMAND -c FILE` with content in FILE."""
        path = os.path.join(self.folder, 'conf.json')
        with open(path, 'w') as f:
            json.dump(content, f, indent=2)
        return self.flow(*command, '-c', path, *more)

    def finish(self, job, role, party):
        """Waits until a job has ended; how it ended. Asked over HTTP: a `flow` command takes seconds to start."""
        while True:
            status, _, text = post(self.http, '/v1/job/query', {'job_id': job, 'role': role, 'party_id': party})
            found = json.loads(text)['data'] if status == 200 else []
            if found and found[0]['f_status'] not in ('waiting', 'running', 'ready'):
                return found[0]['f_status']
            time.sleep(1)

    def upload(self, path, table):
        done = self.with_file(('data', 'upload'), {'file': path, 'head': 1, 'partition': 4, 'id_delimiter': ',', 'namespace': 'trial',
                                                   'table_name': table}, '--drop')
        if done['retcode'] or self.finish(done['jobId'], 'local', '0') != 'success':
            raise AssertionError('upload of %s: %s' % (path, done))

    def rows(self, job, component):
        """id -> row of what a component put out."""
        to = os.path.join(self.folder, 'output')
        shutil.rmtree(to, ignore_errors=True)
        os.makedirs(to)
        done = self.flow('component', 'output-data', '-j', job, '-r', 'guest', '-p', GUEST, '-cpn', component, '-o', to)
        found = glob.glob(os.path.join(to, '*', '*.csv'))
        if not found:
            raise AssertionError('no output of %s: %s' % (component, done))
        with open(found[0], newline='') as f:
            return {r['id']: r for r in csv.DictReader(f)}

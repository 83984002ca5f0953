"""ModelService over gRPC: messages from and to Python values, the calls, and a FATE-Flow that does as it is told."""
import base64, http.server, io, struct, zipfile
from party import *

SERVICE = 'com.webank.ai.fate.api.mlmodel.manager.ModelService/'
COMMON = 'com.webank.ai.fate.api.networking.common.CommonService/'

# Field number: (name, kind). Kinds: s text, b bytes, i integer, d double, a list of one of them, or a message.
NODE = {1: ('statusCode', 'i'), 2: ('message', 's')}
PARTY = {1: ('partyId', ['s'])}
MODEL = {1: ('tableName', 's'), 2: ('namespace', 's')}
ROLE_MODEL = {1: ('roleModelInfo', {'map': MODEL})}
PUBLISH = {1: ('local', {1: ('role', 's'), 2: ('partyId', 's')}), 2: ('role', {'map': PARTY}), 3: ('model', {'map': ROLE_MODEL}),
           4: ('serviceId', 's'), 5: ('tableName', 's'), 6: ('namespace', 's'), 7: ('loadType', 's'), 8: ('filePath', 's')}
PUBLISHED = {**NODE, 3: ('error', 's'), 4: ('data', 'b')}
QUERY = {1: ('serviceId', 's'), 2: ('tableName', 's'), 3: ('namespace', 's'), 4: ('beginIndex', 'i'), 5: ('endIndex', 'i'), 6: ('queryType', 'i')}
PIPELINE = {1: ('nodes', [{1: ('name', 's'), 2: ('params', 's')}])}
INFO = {1: ('tableName', 's'), 2: ('namespace', 's'), 3: ('serviceIds', ['s']), 4: ('content', 's'), 5: ('index', 'i'),
        6: ('modelProcessorExt', PIPELINE), 7: ('resourceAdress', 's')}
QUERIED = {1: ('retcode', 'i'), 2: ('message', 's'), 3: ('modelInfos', [INFO])}
UNBIND = {1: ('serviceIds', ['s']), 2: ('tableName', 's'), 3: ('namespace', 's')}
FETCH = {1: ('tableName', 's'), 2: ('namespace', 's'), 3: ('sourceIp', 's'), 4: ('sourcePort', 'i')}
TRANSFERRED = {**NODE, 3: ('modelData', 'b'), 4: ('cacheData', 'b')}
METHODS = {
    'publishLoad': (PUBLISH, PUBLISHED), 'publishBind': (PUBLISH, PUBLISHED), 'publishOnline': (PUBLISH, PUBLISHED),
    'queryModel': (QUERY, QUERIED), 'unload': (MODEL, NODE), 'unbind': (UNBIND, NODE), 'fetchModel': (FETCH, NODE),
    'modelTransfer': (MODEL, TRANSFERRED),
}
COMMONS = {
    'queryMetrics': {1: ('beginMs', 'i'), 2: ('endMs', 'i'), 3: ('source', 's'), 4: ('type', 'i')},
    'updateFlowRule': {1: ('source', 's'), 2: ('allowQps', 'd')}, 'listProps': {1: ('keyword', 's')}, 'queryJvmInfo': {1: ('keyword', 's')},
    'updateService': {1: ('url', 's'), 2: ('routerMode', 's'), 3: ('weight', 'i'), 4: ('version', 'i')},
    'checkHealthService': {}, 'updateConfig': {1: ('filePath', 's'), 2: ('data', 's')},
}
COMMON_ANSWER = {**NODE, 3: ('data', 'b')}


def varint(n):
    n &= (1 << 64) - 1
    out = b''
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def encode(schema, value):
    out = b''
    for number, (name, kind) in sorted(schema.items()):
        if name not in value:
            continue
        v = value[name]
        if isinstance(kind, dict) and 'map' in kind:
            items = [({1: ('key', 's'), 2: ('value', kind['map'])}, {'key': k, 'value': x}) for k, x in v.items()]
        else:
            items = [(kind[0], x) for x in v] if isinstance(kind, list) else [(kind, v)]
        for k, x in items:
            if k == 'i':
                out += varint(number << 3) + varint(x) if x or isinstance(kind, list) else b''
            elif k == 'd':
                out += varint(number << 3 | 1) + struct.pack('<d', x)
            else:
                x = x.encode() if k == 's' else x if k == 'b' else encode(k, x)
                if x or not isinstance(kind, str):
                    out += varint(number << 3 | 2) + varint(len(x)) + x
    return out


def decode(schema, data):
    value, at = {}, 0
    for name, kind in schema.values():
        value[name] = [] if isinstance(kind, list) else {'s': '', 'b': b'', 'i': 0}.get(kind) if isinstance(kind, str) else None

    def number():
        nonlocal at
        n = shift = 0
        while True:
            b = data[at]
            at, n, shift = at + 1, n | (b & 127) << shift, shift + 7
            if b < 128:
                return n
    while at < len(data):
        tag = number()
        if tag & 7 == 0:
            v = number()
        else:
            n = {2: number, 1: lambda: 8, 5: lambda: 4}[tag & 7]()
            v, at = data[at:at + n], at + n
        if tag >> 3 not in schema:
            continue
        name, kind = schema[tag >> 3]
        k = kind[0] if isinstance(kind, list) else kind
        v = v.decode() if k == 's' else decode(k, v) if isinstance(k, dict) else v
        if isinstance(kind, list):
            value[name].append(v)
        else:
            value[name] = v
    return value


class RpcError(Exception):
    pass


def rpc(port, path, message, timeout=PATIENCE * 3):
    """Message bytes of the answer; RpcError for a status that is not OK."""
    for _ in range(50):
        done = subprocess.run(['curl', '-sS', '--max-time', str(timeout), '--http2-prior-knowledge', '-D', '/dev/stderr', '-H', 'content-type: application/grpc',
                               '-H', 'te: trailers', '--data-binary', '@-', 'http://127.0.0.1:%d/%s' % (port, path)],
                              input=struct.pack('>BI', 0, len(message)) + message, capture_output=True)
        if done.returncode != 92:       # it may drop the head of an answer that is nothing but a head
            break
    said = dict(l.strip().split(': ', 1) for l in done.stderr.decode('utf-8', 'replace').splitlines() if ': ' in l)
    if said.get('grpc-status') != '0':
        raise RpcError('%s %s %s' % (said.get('grpc-status'), said.get('grpc-message', ''), done.stderr[-300:]))
    return done.stdout[5:]


def model_call(port, method, **request):
    ask, answer = METHODS[method]
    return decode(answer, rpc(port, SERVICE + method, encode(ask, request)))


def common_call(port, method, **request):
    return decode(COMMON_ANSWER, rpc(port, COMMON + method, encode(COMMONS[method], request)))


class Federated:
    """One federated model: a guest and its hosts, named as FATE names them."""

    def __init__(self, version, guest='9999', hosts=('10000',)):
        self.version, self.guest, self.hosts = version, guest, list(hosts)
        self.id = '#'.join(['guest-' + guest, 'host-' + '_'.join(self.hosts), 'model'])

    def namespace(self, role, party):
        return '%s#%s#%s' % (role, party, self.id)

    def request(self, role='guest', party=None, **more):
        info = lambda r, p: {'tableName': self.version, 'namespace': self.namespace(r, p)}
        return {'local': {'role': role, 'partyId': party or (self.guest if role == 'guest' else self.hosts[0])},
                'role': {'guest': {'partyId': [self.guest]}, 'host': {'partyId': self.hosts}},
                'model': {'guest': {'roleModelInfo': {self.guest: info('guest', self.guest)}},
                          'host': {'roleModelInfo': {h: info('host', h) for h in self.hosts}}}, **more}

    def names(self, role='guest', party=None):
        return {'tableName': self.version, 'namespace': self.namespace(role, party or (self.guest if role == 'guest' else self.hosts[0]))}


class Flow:
    """A FATE-Flow whose transfers answer what answer(path, body) returns: (status, bytes), or an iterator of pieces behind the status."""

    def __init__(self, answer):
        flow = self
        self.answer, self.seen, self.connections = answer, [], []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def setup(self):
                super().setup()
                flow.connections.append(self.connection)

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                flow.seen.append((self.path, json.loads(body)))
                status, data = flow.answer(self.path, json.loads(body))
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    self.send_header('Content-Type', 'application/json')
                    if isinstance(data, bytes):
                        self.send_header('Content-Length', str(len(data)))
                        self.end_headers()
                        self.wfile.write(data)
                        return
                    size, pieces = data
                    self.send_header('Content-Length', str(size))
                    self.end_headers()
                    for piece in pieces:
                        self.wfile.write(piece)
                        self.wfile.flush()

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
        self.server = Server(('127.0.0.1', 0), Handler)
        self.url = 'http://127.0.0.1:%d/v1/model/transfer' % self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        for s in self.connections:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)


def data_of(text, folder):
    """Path of the model file that the text of an example makes."""
    fate = os.path.join(pack(text, folder), '.fate')
    return os.path.join(fate, next(n for n in os.listdir(fate) if n.startswith('model_') and n.endswith('_cache')))


def flow_answer(path):
    with open(path) as f:
        return b'{"retcode":0,"retmsg":"success","data":' + f.read().encode() + b'}'


def archive(path, out, meta='{model_proto}', more=()):
    """A model archive of FATE-Flow with the messages of a model file. meta: the YAML around model_proto."""
    with open(path) as f:
        package = json.load(f)
    proto = {}
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as z:
        for key, value in package.items():
            component, rest = key.split('.', 1)
            alias, name = rest.split(':')
            proto.setdefault(component, {}).setdefault(alias, {})[name] = name
            z.writestr('variables/data/%s/%s/%s' % (component, alias, name), base64.b64decode(value))
            z.writestr('variables/data/%s/%s/%s.json' % (component, alias, name), '{}')
        z.writestr('define/define_meta.yaml', meta.replace('{model_proto}', 'model_proto: ' + json.dumps(proto)))
        for name, data in more:
            z.writestr(name, data)
    return out

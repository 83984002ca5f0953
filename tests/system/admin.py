"""The admin daemon in system tests: its settings, logins, calls of its API."""
import urllib.parse
from party import *

USER, PASSWORD = 'ann', 'correct horse'


class Admin(Daemon):
    def __init__(self, folder, nodes=(), **conf):
        self.port = free_port()
        self.audit = os.path.join(folder, 'audit.log')
        self.token = None
        super().__init__(folder, 'fate-serving-admin', {
            'server.port': self.port, 'server.address': '127.0.0.1', 'admin.username': USER, 'admin.password': PASSWORD,
            'admin.nodes': list(nodes), 'admin.audit.file': self.audit, 'log.level': 'debug', **conf})

    def raw(self, method, path, body=None, headers=None):
        """(status, header lines by lower-case name, body text)"""
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        c = http.client.HTTPConnection('127.0.0.1', self.port, timeout=PATIENCE)
        try:
            c.request(method, path, body.encode() if isinstance(body, str) else body, headers or {})
            r = c.getresponse()
            return r.status, {k.lower(): v for k, v in r.getheaders()}, r.read().decode('utf-8', 'replace')
        finally:
            c.close()

    def login(self, user=USER, password=PASSWORD, **headers):
        """The envelope; the token is kept when it is a success."""
        _, self.login_headers, text = self.raw('POST', '/api/admin/login', {'username': user, 'password': password},
                                               {'Content-Type': 'application/json', **headers})
        answer = json.loads(text)
        if answer['retcode'] == 0:
            self.token = answer['data']['sessionToken']
        return answer

    def get(self, path, token=None, **query):
        if query:
            path += '?' + urllib.parse.urlencode(query)
        _, _, text = self.raw('GET', '/api/' + path, None, {'sessionToken': token or self.token})
        return json.loads(text)

    def post(self, path, body=None, token=None, **headers):
        _, _, text = self.raw('POST', '/api/' + path, {} if body is None else body,
                              {'Content-Type': 'application/json', 'sessionToken': token or self.token, **headers})
        return json.loads(text)

    def audited(self):
        with open(self.audit, encoding='utf-8') as f:
            return [json.loads(l) for l in f]


def outcome(answer):
    return answer['retcode'], answer['retmsg']


def at(port):
    return {'host': '127.0.0.1', 'port': port}

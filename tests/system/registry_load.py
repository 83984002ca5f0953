"""Two parties that find their own nodes by the registry alone, requests without pause, and a look whether all are registered."""
import json, os, sys, threading, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from party import Credit, wait_for
from zookeeper import Tree


class Load:
    """Requests without pause until told to stop; every answer is looked at."""

    def __init__(self, e):
        self.e, self.asked, self.wrong, self.stop = e, 0, [], threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        n = 0
        while not self.stop.is_set():
            answer = self.e.ask(n)
            self.asked += 1
            if not self.e.right(answer, n):
                self.wrong.append(answer)
            n += 1
            time.sleep(0.005)

    def more(self, n=20):
        now = self.asked
        wait_for('more requests', lambda: self.asked >= now + n)

    def end(self, c, what):
        self.more()
        self.stop.set()
        self.thread.join()
        c.that('not one failed request: ' + what, self.asked and not self.wrong, '%d of %d: %s' % (len(self.wrong), self.asked, self.wrong[:1]))


def registered(hosts, e, auth=None):
    """What is not as it should be (yet): daemons without connection, wanted nodes that are not there for another client."""
    missing = [d.name for d in e.daemons() if d.log().count('cannot be reached; requests go on') >= d.log().count('connected to ZooKeeper')]
    if missing:
        return missing
    tree = Tree(hosts, auth)
    for party, root in ((e.guest, '/guest'), (e.host, '/host')):
        for component, port in (('serving', party.grpc), ('proxy', party.intra)):
            if '127.0.0.1:%d' % port not in tree.children(root + '/FATE-COMPONENTS/' + component):
                missing.append((root, component))
        for project, port, service in (('serving', party.grpc, 'publishLoad'), ('proxy', party.intra, 'unaryCall')):
            if not any('%%3A%d%%2F' % port in x for x in tree.children('%s/FATE-SERVICES/%s/online/%s/providers' % (root, project, service))):
                missing.append((root, project))
    if not tree.children('/guest/FATE-SERVICES/serving/%s/inference/providers' % e.SERVICE):
        missing.append('service id')
    tree.close()
    return missing


def make_roots(hosts, auth=None):
    tree = Tree(hosts, auth)
    for party in ('guest', 'host'):
        if not tree.client.exists('/' + party):
            tree.client.create('/' + party)
    tree.close()


def parties(w, hosts, session_ms=2000, **more):
    def of(party):
        return {'zk.url': hosts + '/' + party, 'registry.address': '127.0.0.1', 'registry.grace': '100ms',
                'registry.session.timeout': '%dms' % session_ms, **more}

    def proxy(party):
        folder = os.path.join(w, 'cache-' + party)
        os.makedirs(folder, exist_ok=True)
        return {**of(party), 'registry.cache.path': folder}
    e = Credit(w, guest_server=of('guest'), host_server=of('host'), guest_proxy=proxy('guest'), host_proxy=proxy('host'))
    # Nothing but the registry leads to own nodes.
    for party in (e.guest, e.host):
        with open(party.routes_path) as f:
            table = json.load(f)
        del table['route_table'][party.id]
        with open(party.routes_path, 'w') as f:
            json.dump(table, f)
        party.server.write_conf(proxy=None)
    return e

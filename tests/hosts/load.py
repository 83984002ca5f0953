#!/usr/bin/python3
"""Scores without pause until SIGTERM: load.py PORT REQUEST-FILE [CLIENTS]. Prints {"asked", "failed", "again", "faults"}.

A client does what every HTTP client does: when a connection that it has kept ends before the first byte of an answer, it
sends the request again over a new one.
"""
import http.client, json, signal, sys, threading

port, body = int(sys.argv[1]), open(sys.argv[2], 'rb').read()
end = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: end.set())
count = {'asked': 0, 'failed': 0, 'again': 0, 'faults': []}
lock = threading.Lock()


def ask(c):
    c.request('POST', '/federation/v1/inference', body, {'Content-Type': 'application/json'})
    answer = json.loads(c.getresponse().read())
    return None if answer.get('retcode') == 0 else str(answer)[:200]


def client():
    c = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
    while not end.is_set():
        kept, fault, again = c.sock is not None, None, 0
        try:
            try:
                fault = ask(c)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                c.close()
                if not kept:
                    raise
                again = 1
                fault = ask(c)
        except Exception as e:
            fault = repr(e)
            c.close()
        with lock:
            count['asked'] += 1
            count['again'] += again
            if fault:
                count['failed'] += 1
                del count['faults'][5:]
                count['faults'].append(fault)


threads = [threading.Thread(target=client) for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 8)]
for t in threads:
    t.start()
end.wait()
for t in threads:
    t.join()
print(json.dumps(count))

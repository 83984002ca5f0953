"""A real browser, driven as a person drives it: Chromium of Debian's packages over the WebDriver protocol.

What is looked for is what a person sees: texts of buttons, links and labels. Everything waits until it is there."""
import base64, json, os, shutil, signal, subprocess, sys, urllib.error, urllib.request
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from party import PATIENCE, free_port, skip, wait_for

FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--hide-scrollbars', '--no-proxy-server']
ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'
CONTROLS = 'self::button or self::a or self::summary'
KEYS = {'Enter': '\ue007', 'Escape': '\ue00c', 'Tab': '\ue004', 'Right': '\ue014', 'Left': '\ue012', 'Space': ' ', 'Control': '\ue009'}


def need_browser():
    if not shutil.which('chromium') or not shutil.which('chromedriver'):
        skip('needs the packages chromium and chromium-driver')


class Refused(Exception):
    """WebDriver could not do it: .kind is its word for why."""
    def __init__(self, kind, text):
        super().__init__('%s: %s' % (kind, text))
        self.kind = kind


def literal(text):
    """An XPath literal; there is no escape in it."""
    if "'" not in text:
        return "'%s'" % text
    return 'concat(%s)' % ', "\'", '.join("'%s'" % part for part in text.split("'"))


class Browser:
    def __init__(self, folder):
        port = free_port()
        self.at = 'http://127.0.0.1:%d' % port
        with open(os.path.join(folder, 'chromedriver.log'), 'w') as log:
            self.driver = subprocess.Popen(['chromedriver', '--port=%d' % port], stdout=log, stderr=log, start_new_session=True)
        wait_for('chromedriver answers', self.up)
        options = {'binary': shutil.which('chromium'), 'args': FLAGS + ['--user-data-dir=' + os.path.join(folder, 'profile')]}
        try:
            answer = self.ask('POST', '/session', {'capabilities': {'alwaysMatch': {
                'goog:chromeOptions': options, 'goog:loggingPrefs': {'browser': 'ALL'}, 'acceptInsecureCerts': True,
                'unhandledPromptBehavior': 'ignore'}}})
        except BaseException:
            self.end()
            raise
        self.at += '/session/' + answer['sessionId']

    def up(self):
        try:
            return self.ask('GET', '/status')['ready']
        except OSError:
            return False

    def ask(self, method, path, body=None):
        request = urllib.request.Request(self.at + path, method=method, headers={'Content-Type': 'application/json'},
                                         data=json.dumps(body or {}).encode() if method == 'POST' else None)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE * 2) as r:
                return json.load(r)['value']
        except urllib.error.HTTPError as e:
            said = json.load(e)['value']
            raise Refused(said['error'], said['message'].split('\n')[0]) from None

    def end(self):
        """Driver and browser are one process group of ours."""
        if self.driver.poll() is None:
            os.killpg(self.driver.pid, signal.SIGKILL)
        self.driver.wait()

    # Looking -------------------------------------------------------------------------------------

    def go(self, url):
        self.ask('POST', '/url', {'url': url})

    @property
    def url(self):
        return self.ask('GET', '/url')

    def script(self, text, *args):
        return self.ask('POST', '/execute/sync', {'script': text, 'args': list(args)})

    def all(self, xpath, inside=None):
        """Elements that can be seen."""
        start = '/element/%s' % inside if inside else ''
        try:
            found = self.ask('POST', start + '/elements', {'using': 'xpath', 'value': xpath})
            return [e[ELEMENT] for e in found if self.ask('GET', '/element/%s/displayed' % e[ELEMENT])]
        except Refused as e:
            if e.kind == 'stale element reference':     # drawn anew meanwhile
                return []
            raise

    def one(self, what, xpath, inside=None):
        found = []

        def there():
            found[:] = self.all(xpath, inside() if callable(inside) else inside)
            return found
        wait_for('%s is seen at %s; the page:\n%s' % (what, self.url, self.text()), there)
        return found[0]

    def text(self, css='body'):
        """What is seen of it, '' where it is not there."""
        return self.script('return document.querySelector(arguments[0])?.innerText ?? ""', css)

    def see(self, *texts, css='body'):
        for text in texts:
            try:
                wait_for('', lambda: text in self.text(css))
            except AssertionError:
                raise AssertionError('never seen in %s: "%s". There is:\n%s' % (css, text, self.text(css))) from None

    def see_no(self, text, css='body'):
        wait_for('"%s" is gone from %s' % (text, css), lambda: text not in self.text(css))

    def control(self, text, inside='', kind=CONTROLS):
        """Button or link with that text, in an element that XPath finds."""
        return self.one('"%s"' % text, '%s//*[%s][normalize-space()=%s]' % (inside, kind, literal(text)))

    # Doing ---------------------------------------------------------------------------------------

    def act(self, find, path, body=None):
        """What is found may be drawn anew before it is touched, or lie under something that goes: once more then."""
        def done():
            try:
                self.ask('POST', '/element/%s/%s' % (find(), path), body)
                return True
            except Refused as e:
                if e.kind in ('stale element reference', 'element click intercepted', 'element not interactable'):
                    return False
                raise
        wait_for(path, done)

    def press(self, text, inside=''):
        self.act(lambda: self.control(text, inside), 'click')

    def field(self, label, inside=''):
        return self.one('field "%s"' % label, '%s//*[@id=//label[normalize-space()=%s]/@for] | %s//*[@aria-label=%s]'
                        % (inside, literal(label), inside, literal(label)))

    def fill(self, label, text, inside=''):
        self.act(lambda: self.field(label, inside), 'clear')
        if text:
            self.act(lambda: self.field(label, inside), 'value', {'text': text})

    def value(self, label, inside=''):
        return self.ask('GET', '/element/%s/property/value' % self.field(label, inside))

    def choose(self, label, option, inside=''):
        self.act(lambda: self.one('option "%s"' % option, './option[normalize-space()=%s or @value=%s]' % (literal(option), literal(option)),
                                  lambda: self.field(label, inside)), 'click')

    def tick(self, text, inside=''):
        self.act(lambda: self.one('check box "%s"' % text, '%s//label[contains(normalize-space(), %s)]//input' % (inside, literal(text))), 'click')

    def key(self, *names):
        """Presses keys together, whatever has the focus."""
        names = [KEYS.get(n, n) for n in names]
        self.ask('POST', '/actions', {'actions': [{'type': 'key', 'id': 'keyboard', 'actions':
                 [{'type': 'keyDown', 'value': n} for n in names] + [{'type': 'keyUp', 'value': n} for n in reversed(names)]}]})

    def focused(self):
        return self.script('const e = document.activeElement; return e.tagName + " " + (e.innerText || e.getAttribute("aria-label") || e.id)')

    def asked(self):
        """The browser's own question, None when there is none."""
        try:
            return self.ask('GET', '/alert/text')
        except Refused:
            return None

    def prompt(self, accept):
        """Answers the browser's own question."""
        self.ask('POST', '/alert/accept' if accept else '/alert/dismiss')

    # The window ----------------------------------------------------------------------------------

    def devtools(self, command, **params):
        return self.ask('POST', '/goog/cdp/execute', {'cmd': command, 'params': params})

    def window(self, width, height=900, dark=False):
        self.devtools('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.devtools('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}])

    def shot(self, path):
        """The whole page as a picture."""
        size = self.devtools('Page.getLayoutMetrics')['cssContentSize']
        picture = self.devtools('Page.captureScreenshot', captureBeyondViewport=True,
                                clip={'x': 0, 'y': 0, 'width': size['width'], 'height': min(size['height'], 4000), 'scale': 1})
        with open(path, 'wb') as f:
            f.write(base64.b64decode(picture['data']))

    def cookies(self):
        return self.ask('GET', '/cookie')

    def complaints(self):
        """What the console of the browser says since the last look: errors and breaches of the content policy."""
        return [e['message'] for e in self.ask('POST', '/se/log', {'type': 'browser'}) if e['level'] in ('SEVERE', 'WARNING')]

"""What is measured, and how: a cluster, the operator, the load programs, and the counters of /proc."""

import atexit
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import threading
import time

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
BUILD = os.path.join(ROOT, 'build')
OUT = os.path.join(BUILD, 'bench')
CLUSTER = os.path.join(ROOT, 'tests', 'cluster', 'cluster')
NAME = 'bench' # of the cluster
PARTS = ['etcd', 'apiserver', 'kcm', 'scheduler', 'kwok']
RESOURCES = ['trainingjobs', 'jobs', 'jobsets', 'pytorchjobs', 'pods', 'services', 'events', 'endpoints', 'endpointslices', 'leases']
TICKS = os.sysconf('SC_CLK_TCK')

begun = time.monotonic()


def say(text):
    print(f'[{time.monotonic() - begun:5.0f} s] {text}', flush=True)


# -- programs ---------------------------------------------------------------------------------------------------------

def build(binary):
    """The operator and the two load programs, by the Makefile's own rules and flags."""
    objects = {name: f'build/tests/bench/{name}.o' for name in ('poster', 'recipe', 'session', 'observer', 'sightings')}
    subprocess.run(['make', '--no-print-directory', 'build/kitae', 'build/libkitae.a', *objects.values()], cwd=ROOT, check=True)
    libraries = '-ljansson -lyaml -lcrypto -lm -lcurl -lwebsockets -lssl -lpthread'.split()
    for program, parts in (('poster', ['poster', 'recipe', 'session']), ('observer', ['observer', 'sightings', 'session'])):
        subprocess.run([os.environ.get('CC', 'gcc'), '-pie', '-o', f'build/bench/{program}', *(objects[part] for part in parts),
                        'build/libkitae.a', *libraries], cwd=ROOT, check=True)
    shutil.copy2(binary, os.path.join(OUT, 'kitae')) # stays the same while others build


# -- counters ---------------------------------------------------------------------------------------------------------

def cpu_of(pid):
    """User and system seconds of a process so far, its dead children left out."""
    with open(f'/proc/{pid}/stat', encoding='utf-8') as file:
        fields = file.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_of(pid):
    """Resident bytes now, their peak, and the part that is no file's."""
    with open(f'/proc/{pid}/status', encoding='utf-8') as file:
        values = dict(re.findall(r'^(Vm\w+|Rss\w+):\s+(\d+) kB', file.read(), re.M))
    return {'rss': int(values['VmRSS']) * 1024, 'peak': int(values['VmHWM']) * 1024, 'anonymous': int(values['RssAnon']) * 1024}


def switches_of(pid):
    total = 0
    for thread in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{thread}/status', encoding='utf-8') as file:
            total += sum(int(count) for count in re.findall(r'ctxt_switches:\s+(\d+)', file.read()))
    return total


def machine_cpu():
    """Busy seconds of all processors so far."""
    with open('/proc/stat', encoding='utf-8') as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def metrics(text):
    """[(name, labels, value)] of a Prometheus text."""
    found = re.findall(r'^(\w+)(?:\{(.*)\})? (\S+)$', text, re.M)
    return [(name, dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value)) for name, labels, value in found]


class Samples:
    """Takes (seconds, value) every second in the `with`."""

    def __init__(self, value):
        self.value, self.taken, self.end = value, [], threading.Event()
        self.thread = threading.Thread(target=self.take)

    def take(self):
        while not self.end.wait(1):
            self.taken.append((time.monotonic(), self.value()))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()

    def slope(self, seconds):
        """Of the line through those of the last seconds, a second."""
        last = [taken for taken in self.taken if taken[0] >= self.taken[-1][0] - seconds]
        return statistics.linear_regression(*zip(*last)).slope


# -- the cluster ------------------------------------------------------------------------------------------------------

class Cluster:
    """A fresh cluster with our resource definition, users and namespaces; gone at the end of the `with`."""

    def __init__(self, nodes=20, audit=False):
        self.nodes, self.audit = nodes, audit

    def __enter__(self):
        self.command('down')
        self.command('up', '--nodes', str(self.nodes), '--no-job-controller', *(['--audit'] if self.audit else []))
        try:
            self.set_up()
        except BaseException:
            self.command('down')
            raise
        return self

    def __exit__(self, *_):
        self.command('down')

    def command(self, *words):
        # Not a pipe: the cluster's processes inherit the output and would keep a pipe open.
        with open(os.path.join(OUT, 'cluster.log'), 'a+', encoding='utf-8') as log:
            start = log.seek(0, os.SEEK_END)
            subprocess.run([CLUSTER, words[0], '--name', NAME, *words[1:]], stdout=log, stderr=log, check=True)
            log.seek(start)
            return log.read()

    def set_up(self):
        env = dict(re.findall(r"^export (\w+)='(.*)'$", self.command('env'), re.M))
        self.folder = env['KITAE_CLUSTER_DIR']
        self.kubeconfig = env['KUBECONFIG']
        self.audit_log = env['KITAE_AUDIT_LOG']
        self.pids = {part: int(env[f'KITAE_{part.upper()}_PID']) for part in PARTS}
        self.install(os.path.join(ROOT, 'crds'), 'apis/kitae.dev/v1alpha1/trainingjobs')
        for namespace in ('load', 'warm', 'life', 'bench'):
            self.kubectl('create', 'namespace', namespace)
        self.users = {}
        for user in ('poster', 'observer'):
            self.user(user)
        self.wait_for_accounts()

    def user(self, name):
        """The path of a kubeconfig. The same rights for all, so that authorization and fair queuing cost all the same."""
        if name not in self.users:
            self.users[name] = self.command('serviceaccount', 'bench', name, 'cluster-admin').split()[-1]
        return self.users[name]

    def wait_for_accounts(self):
        for namespace in ('load', 'warm', 'life'):
            while not self.kubectl('get', 'serviceaccounts', '-n', namespace, '-o', 'name'):
                time.sleep(0.2)

    def kubectl(self, *words, may_fail=False, stdin=None):
        with open(os.path.join(OUT, 'cluster.log'), 'a', encoding='utf-8') as log:
            return subprocess.run([os.path.join(self.folder, 'bin', 'kubectl'), '--kubeconfig', self.kubeconfig, *words],
                                  check=not may_fail, stdout=subprocess.PIPE, stderr=log, text=True, input=stdin).stdout

    def apply(self, resource):
        self.kubectl('apply', '-f', '-', stdin=json.dumps(resource))

    def install(self, folder, resource):
        """Resource definitions, until the one at this path is served. Some are too large for an annotation with all of it."""
        self.kubectl('apply', '--server-side', '-f', folder)
        group, plural = resource.rsplit('/', 1)
        while f'"{plural}"' not in self.kubectl('get', '--raw', '/' + group, may_fail=True):
            time.sleep(0.2)

    def cpu(self):
        return {part: cpu_of(pid) for part, pid in self.pids.items()}

    def requests(self, by='resource'):
        """Writes that the API server has answered, by resource or by verb; nodes are nobody's load."""
        counts = {}
        for name, labels, value in metrics(self.kubectl('get', '--raw', '/metrics')):
            if name == 'apiserver_request_total' and labels['verb'] in ('POST', 'PUT', 'PATCH', 'APPLY', 'DELETE') and \
               labels['resource'] in RESOURCES and (by == 'resource' or labels['resource'] != 'leases'):
                counts[labels[by]] = counts.get(labels[by], 0) + int(value)
        return counts

    def settle(self, limit=90):
        """Waits until what came before has been digested."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            before = sum(self.cpu().values())
            time.sleep(2)
            if sum(self.cpu().values()) - before < 0.3:
                return
        say(f'the cluster does not come to rest: {self.cpu()}')


# -- ports and programs -----------------------------------------------------------------------------------------------

def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def build_peers():
    subprocess.run([os.path.join(os.path.dirname(CLUSTER), 'build'), 'peers'], check=True)


def binaries():
    """The folder where tests/cluster/build keeps what it made."""
    return subprocess.run([os.path.join(os.path.dirname(CLUSTER), 'build'), '--path'], stdout=subprocess.PIPE, check=True,
                          text=True).stdout.strip()


def versions():
    """Of the parts that tests/cluster/build makes."""
    with open(os.path.join(os.path.dirname(CLUSTER), 'binaries.sh'), encoding='utf-8') as file:
        return dict(re.findall(r'\b(\w+)=([\d.]+)\b', file.read()))


def peer(name):
    """The path of a peer's program; its resource definitions are beside it."""
    return os.path.join(binaries(), f'{name}-{versions()[name.replace("-", "_")]}')


# -- load -------------------------------------------------------------------------------------------------------------

def load_words(name, value):
    return [] if value is None else [f'--{name}', str(value)]


def post(cluster, jobs, replicas, make='all', namespace='load', rate=None, run_seconds=None, prefix='job', form=None, pods=None,
         may_fail=False):
    """Runs the poster to its end; its report."""
    words = [os.path.join(OUT, 'poster'), '--kubeconfig', cluster.users['poster'], '--manifest',
             os.path.join(ROOT, 'tests', 'bench', 'job.yaml'), '--jobs', str(jobs), '--replicas', str(replicas), '--make', make,
             '--namespace', namespace, '--prefix', prefix, *load_words('rate', rate), *load_words('run-seconds', run_seconds),
             *load_words('form', form), *load_words('pods', pods)]
    with open(os.path.join(OUT, 'programs.log'), 'a', encoding='utf-8') as log:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=log, text=True, check=False)
    if done.returncode and not may_fail:
        raise RuntimeError(f'poster failed; see build/bench/programs.log: {done.stdout}')
    return json.loads(done.stdout)


class Observer:
    """Watches from the moment the constructor returns."""

    def __init__(self, cluster, jobs, pods, until, namespace='load', resource=None, left=None, timeout=1800, settle=2):
        words = [os.path.join(OUT, 'observer'), '--kubeconfig', cluster.users['observer'], '--namespace', namespace, '--jobs', str(jobs),
                 '--pods', str(pods), '--until', until, '--timeout', str(timeout), '--settle', str(settle),
                 *load_words('resource', resource), *load_words('left', left)]
        self.log = open(os.path.join(OUT, 'programs.log'), 'a', encoding='utf-8')
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=self.log, text=True)
        atexit.register(self.process.kill) # of a bench that was interrupted; nothing happens to one that has ended
        if self.process.stdout.readline() != 'watching\n':
            raise RuntimeError('observer failed; see build/bench/programs.log')

    def report(self):
        """Waits for its end."""
        text = self.process.communicate()[0]
        self.log.close()
        if self.process.returncode:
            raise RuntimeError(f'not everything was seen, or too much: {text}; see build/bench/programs.log')
        return json.loads(text)

    def stop(self):
        self.process.terminate()
        self.process.communicate()
        self.log.close()

"""What is measured, and how: a cluster, the operator, the load programs, and the counters of /proc."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
BUILD = os.path.join(ROOT, 'build')
OUT = os.path.join(BUILD, 'bench')
CLUSTER = os.path.join(ROOT, 'tests', 'cluster', 'cluster')
NAME = 'bench'
PARTS = ['etcd', 'apiserver', 'kcm', 'scheduler', 'kwok']
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


# -- the cluster ------------------------------------------------------------------------------------------------------

class Cluster:
    """A fresh cluster with our resource definition, users and namespaces; gone at the end of the `with`."""

    def __init__(self, nodes=20, audit=False):
        self.nodes, self.audit = nodes, audit

    def __enter__(self):
        self.command('down')
        self.command('up', '--nodes', str(self.nodes), *(['--audit'] if self.audit else []))
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
        self.kubectl('apply', '-f', os.path.join(ROOT, 'crds'))
        while '"trainingjobs"' not in self.kubectl('get', '--raw', '/apis/kitae.dev/v1alpha1', may_fail=True):
            time.sleep(0.2)
        for namespace in ('load', 'warm', 'life', 'bench'):
            self.kubectl('create', 'namespace', namespace)
        # The same rights for all, so that authorization and fair queuing cost all the same.
        self.users = {user: self.command('serviceaccount', 'bench', user, 'cluster-admin').split()[-1]
                      for user in ('poster', 'kitae', 'observer')}
        self.wait_for_accounts()

    def wait_for_accounts(self):
        for namespace in ('load', 'warm', 'life'):
            while not self.kubectl('get', 'serviceaccounts', '-n', namespace, '-o', 'name'):
                time.sleep(0.2)

    def kubectl(self, *words, may_fail=False):
        with open(os.path.join(OUT, 'cluster.log'), 'a', encoding='utf-8') as log:
            return subprocess.run([os.path.join(self.folder, 'bin', 'kubectl'), '--kubeconfig', self.kubeconfig, *words],
                                  check=not may_fail, stdout=subprocess.PIPE, stderr=log, text=True).stdout

    def cpu(self):
        return {part: cpu_of(pid) for part, pid in self.pids.items()}

    def requests(self):
        """Writes that the API server has answered, by resource; leases and nodes are nobody's load."""
        counts = {}
        for name, labels, value in metrics(self.kubectl('get', '--raw', '/metrics')):
            if name == 'apiserver_request_total' and labels['verb'] in ('POST', 'PUT', 'PATCH', 'APPLY', 'DELETE') and \
               labels['resource'] in ('trainingjobs', 'pods', 'services', 'events', 'endpoints', 'endpointslices', 'leases'):
                counts[labels['resource']] = counts.get(labels['resource'], 0) + int(value)
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


# -- the operator -----------------------------------------------------------------------------------------------------

def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Operator:
    """`kitae run` as a user runs it, leader election on; ended at the end of the `with`."""

    def __init__(self, cluster):
        self.cluster = cluster

    def __enter__(self):
        self.port = free_port()
        with open(os.path.join(OUT, 'kitae.log'), 'a', encoding='utf-8') as log:
            self.started = time.monotonic()
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log)
        self.pid = self.process.pid
        try:
            self.ready_seconds = self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)

    def command(self):
        return [os.path.join(OUT, 'kitae'), 'run', '--kubeconfig', self.cluster.users['kitae'], '--listen', f'127.0.0.1:{self.port}',
                '--leader-elect', '--lease-namespace', 'bench']

    def get(self, path):
        with urllib.request.urlopen(f'http://127.0.0.1:{self.port}{path}', timeout=10) as answer:
            return answer.read().decode()

    def wait_until_ready(self, limit=120):
        while time.monotonic() < self.started + limit:
            try:
                self.get('/readyz')
                return time.monotonic() - self.started
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.01)
        raise RuntimeError('the operator does not get ready; see build/bench/kitae.log')

    def metrics(self):
        return metrics(self.get('/metrics'))

    def requests(self):
        """Answers it got, by method."""
        counts = {}
        for name, labels, value in self.metrics():
            if name == 'rest_client_requests_total':
                counts[labels['method']] = counts.get(labels['method'], 0) + int(value)
        return counts

    def writes(self):
        return sum(count for method, count in self.requests().items() if method != 'GET')

    def store_bytes(self):
        return sum(int(value) for name, _, value in self.metrics() if name == 'kitae_store_bytes')

    def wait_until_quiet(self, seconds=10, limit=900):
        """Until nothing but the lease (a write every two seconds) has been written for a while."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            before = self.writes()
            time.sleep(seconds)
            if self.writes() - before <= seconds:
                return
        raise RuntimeError('the operator goes on writing')


# -- load -------------------------------------------------------------------------------------------------------------

def load_words(name, value):
    return [] if value is None else [f'--{name}', str(value)]


def post(cluster, jobs, replicas, make='all', namespace='load', rate=None, run_seconds=None, prefix='job', may_fail=False):
    """Runs the poster to its end; its report."""
    words = [os.path.join(OUT, 'poster'), '--kubeconfig', cluster.users['poster'], '--manifest',
             os.path.join(ROOT, 'tests', 'bench', 'job.yaml'), '--jobs', str(jobs), '--replicas', str(replicas), '--make', make,
             '--namespace', namespace, '--prefix', prefix, *load_words('rate', rate), *load_words('run-seconds', run_seconds)]
    with open(os.path.join(OUT, 'programs.log'), 'a', encoding='utf-8') as log:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=log, text=True, check=False)
    if done.returncode and not may_fail:
        raise RuntimeError(f'poster failed; see build/bench/programs.log: {done.stdout}')
    return json.loads(done.stdout)


class Observer:
    """Watches from the moment the constructor returns."""

    def __init__(self, cluster, jobs, pods, until, namespace='load', timeout=600, settle=2):
        words = [os.path.join(OUT, 'observer'), '--kubeconfig', cluster.users['observer'], '--namespace', namespace, '--jobs', str(jobs),
                 '--pods', str(pods), '--until', until, '--timeout', str(timeout), '--settle', str(settle)]
        self.log = open(os.path.join(OUT, 'programs.log'), 'a', encoding='utf-8')
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=self.log, text=True)
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

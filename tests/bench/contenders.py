"""Who does the work that is measured: the operator, and its peers with their default limits and with limits raised.

What is equal: cluster, nodes, pods (the template of job.yaml), the load program, rights, log level info. What differs:
- A peer's webhooks are not installed, which is in its favour; its jobs are written as its defaulting would have made
  them (jobs/). It gets a certificate all the same, since it does not start without one.
- The batch Job controller is a kube-controller-manager of its own with that one controller; the cluster's has it off.
- JobSet makes Jobs, so both of its processes count as its own.
- Leader election is on, but for the training-operator: it cannot elect outside of a cluster, and its manifests do not.
"""

import os
import shutil
import ssl
import subprocess
import time
import urllib.request

import rig

HERE = os.path.dirname(os.path.abspath(__file__))
RAISED = {'job': ['--kube-api-qps=1000', '--kube-api-burst=2000', '--concurrent-job-syncs=20'],
          'jobset': ['--kube-api-qps=1000', '--kube-api-burst=2000'],
          'training-operator': ['--kube-api-qps=1000', '--kube-api-burst=2000', '--controller-threads=10']}


class Contender:
    """Some processes, ended at the end of the `with`. Without one it is the client, who does the work himself."""
    title = 'client'
    form = None         # of the job in bursts: a file in jobs/; None: job.yaml
    other_form = None   # where jobs end, go or restart
    resource = None     # of the job, for the observer; None: TrainingJobs
    make = 'all'        # what the poster does for it
    until = 'running'   # when the observer has seen a burst to its end

    def __init__(self, cluster, raised=False):
        self.cluster, self.raised, self.processes = cluster, raised, []

    def __enter__(self):
        try:
            self.set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(60)

    def set_up(self):
        pass

    def flags(self, name):
        return RAISED[name] if self.raised else []

    def spawn(self, log, words, ready, **environment):
        """Starts a process; how long it takes until `ready` answers."""
        with open(os.path.join(rig.OUT, log + '.log'), 'a', encoding='utf-8') as file:
            started = time.monotonic()
            process = subprocess.Popen(words, stdout=file, stderr=file, env={**os.environ, **environment})
        self.processes.append(process)
        while time.monotonic() < started + 120 and process.poll() is None:
            try:
                get(ready)
                return time.monotonic() - started
            except OSError:
                time.sleep(0.01)
        raise RuntimeError(f'{words[0]} does not get ready; see build/bench/{log}.log')

    def cpu(self):
        return sum(rig.cpu_of(process.pid) for process in self.processes)

    def memory(self):
        """Of several processes the sum, of their peaks too."""
        parts = [rig.memory_of(process.pid) for process in self.processes]
        return {key: sum(part[key] for part in parts) for key in ('rss', 'peak', 'anonymous')}

    def switches(self):
        return sum(rig.switches_of(process.pid) for process in self.processes)

    def details(self, jobs):
        """What only this one can tell, for the record of a burst."""
        return {}

    def wait_until_quiet(self, seconds=10, limit=900):
        """Until nothing but leases has been written for a while."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            before = self.cluster.requests()
            time.sleep(seconds)
            after = self.cluster.requests()
            if all(count == before.get(key, 0) for key, count in after.items() if key != 'leases'):
                return
        raise RuntimeError('somebody goes on writing')


def get(url):
    # Loopback, and certificates of a cluster that lives for minutes.
    with urllib.request.urlopen(url, timeout=10, context=ssl._create_unverified_context()) as answer:
        return answer.read().decode()


class Kitae(Contender):
    """`kitae run` as a user runs it."""
    title, other_form, make, until = 'Kitae', 'kitae.yaml', 'jobs', 'jobs-running'

    def set_up(self):
        self.port = rig.free_port()
        self.ready_seconds = self.spawn('kitae', [
            os.path.join(rig.OUT, 'kitae'), 'run', '--kubeconfig', self.cluster.user('kitae'), '--listen', f'127.0.0.1:{self.port}',
            '--leader-elect', '--lease-namespace', 'bench'], f'http://127.0.0.1:{self.port}/readyz')

    def metrics(self):
        return rig.metrics(get(f'http://127.0.0.1:{self.port}/metrics'))

    def writes(self):
        """Answers to writes that it got, the lease among them."""
        return sum(int(value) for name, labels, value in self.metrics()
                   if name == 'rest_client_requests_total' and labels['method'] != 'GET')

    def store_bytes(self):
        return sum(int(value) for name, _, value in self.metrics() if name == 'kitae_store_bytes')

    def details(self, jobs):
        return {'watch_restarts': sum(value for name, _, value in self.metrics() if name == 'kitae_watch_restarts_total')}


class JobController(Contender):
    title, make, form, other_form, resource = 'Job controller', 'jobs', 'job.yaml', 'job.yaml', 'apis/batch/v1/jobs'

    def set_up(self):
        port, user = rig.free_port(), self.cluster.user('job-controller')
        self.spawn('job-controller', [
            os.path.join(rig.binaries(), 'kube-controller-manager'), '--controllers=job-controller', f'--kubeconfig={user}',
            f'--authentication-kubeconfig={user}', f'--authorization-kubeconfig={user}', '--use-service-account-credentials=false',
            '--bind-address=127.0.0.1', f'--secure-port={port}', f'--cert-dir={self.folder()}', '--leader-elect=true',
            '--leader-elect-resource-name=bench-job-controller', *self.flags('job')], f'https://127.0.0.1:{port}/healthz')

    def folder(self):
        """With the cluster's certificate in it, under the names that Go's webhook servers look for."""
        folder = os.path.join(self.cluster.folder, 'certificate')
        os.makedirs(folder, exist_ok=True)
        for kind in ('crt', 'key'):
            shutil.copy(os.path.join(self.cluster.folder, 'pki', 'server.' + kind), os.path.join(folder, 'tls.' + kind))
        return folder


class JobSet(JobController):
    title, form, other_form, resource = 'JobSet', 'jobset.yaml', 'jobset.yaml', 'apis/jobset.x-k8s.io/v1alpha2/jobsets'

    def set_up(self):
        super().set_up()
        program = rig.peer('jobset')
        self.cluster.install(program + '.crds', self.resource)
        config = os.path.join(self.cluster.folder, 'jobset.yaml')
        ready = rig.free_port()
        with open(config, 'w', encoding='utf-8') as file:
            file.write(f'''apiVersion: config.jobset.x-k8s.io/v1alpha1
kind: Configuration
leaderElection: {{leaderElect: true, resourceNamespace: bench}}
internalCertManagement: {{enable: false}}
webhook: {{host: 127.0.0.1, port: {rig.free_port()}, certDir: {self.folder()}}}
metrics: {{bindAddress: "127.0.0.1:{rig.free_port()}", certDir: {self.folder()}}}
health: {{healthProbeBindAddress: "127.0.0.1:{ready}"}}
''')
        self.spawn('jobset', [program, f'--config={config}', '--zap-log-level=info', *self.flags('jobset')],
                   f'http://127.0.0.1:{ready}/readyz', KUBECONFIG=self.cluster.user('jobset'))


class TrainingOperator(JobController):
    title, form, other_form = 'training-operator', 'training-operator.yaml', 'training-operator.yaml'
    resource = 'apis/kubeflow.org/v1/pytorchjobs'
    # It looks whether this file is there, and nothing else; what it serves with is in TMPDIR.
    mounted = '/tmp/k8s-webhook-server/serving-certs/tls.crt'
    made = False

    def set_up(self):
        program, ready = rig.peer('training-operator'), rig.free_port()
        self.cluster.install(program + '.crds', self.resource)
        self.cluster.kubectl('create', 'namespace', 'kubeflow')
        self.cluster.kubectl('create', 'secret', 'generic', 'training-operator-webhook-cert', '-n', 'kubeflow')
        self.cluster.apply({'apiVersion': 'admissionregistration.k8s.io/v1', 'kind': 'ValidatingWebhookConfiguration',
                            'metadata': {'name': 'validator.training-operator.kubeflow.org'}, 'webhooks': []})
        temporary = os.path.join(self.cluster.folder, 'tmp')
        shutil.copytree(self.folder(), os.path.join(temporary, 'k8s-webhook-server', 'serving-certs'))
        if not os.path.exists(self.mounted):
            os.makedirs(os.path.dirname(self.mounted), exist_ok=True)
            open(self.mounted, 'a', encoding='utf-8').close()
            self.made = True
        self.spawn('training-operator', [
            program, f'--health-probe-bind-address=127.0.0.1:{ready}', f'--metrics-bind-address=127.0.0.1:{rig.free_port()}',
            f'--webhook-server-port={rig.free_port()}', '--zap-log-level=info', *self.flags('training-operator')],
                   f'http://127.0.0.1:{ready}/readyz', KUBECONFIG=self.cluster.user('training-operator'), TMPDIR=temporary)

    def __exit__(self, *_):
        super().__exit__()
        if self.made:
            shutil.rmtree('/tmp/k8s-webhook-server')


PEERS = {'job': JobController, 'jobset': JobSet, 'training-operator': TrainingOperator}
KINDS = {'client': Contender, 'kitae': Kitae, **PEERS}
SIDES = ['client', 'kitae', *(peer + '-raised' for peer in PEERS), *PEERS] # in the order of columns


def kind_of(side):
    return KINDS[side.removesuffix('-raised')]


def start(side, cluster):
    """What the `with` of a measurement takes."""
    return kind_of(side)(cluster, side.endswith('-raised'))


def title(side):
    kind = kind_of(side)
    return kind.title + (', as it comes' if side in PEERS else '')


def form_of(name):
    return name and os.path.join(HERE, 'jobs', name)

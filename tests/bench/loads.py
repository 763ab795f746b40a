"""The loads. Each returns what it measured as one flat record for build/bench/results.jsonl."""

import contextlib
import json
import os
import time

import rig

SECOND = 1e9
SIDES = ['client', 'kitae']


@contextlib.contextmanager
def contender(cluster, side):
    """The operator, or nobody when the client does its work."""
    if side == 'client':
        yield None
    else:
        with rig.Operator(cluster) as operator:
            yield operator


def make_of(side):
    return 'all' if side == 'client' else 'jobs'


def until_of(side):
    return 'running' if side == 'client' else 'jobs-running'


def warm_up(cluster, side, replicas):
    """Code paths, connections and caches of all parts; not measured."""
    watch = rig.Observer(cluster, 10, 10 * replicas, until_of(side), namespace='warm')
    rig.post(cluster, 10, replicas, make=make_of(side), namespace='warm')
    watch.report()
    cluster.settle()


def check_poster(cluster):
    """A client that overlooked refusals would look fast: the same names again must all be counted."""
    again = rig.post(cluster, 10, 1, make='jobs', namespace='warm', may_fail=True)
    if again['errors'] != 10:
        raise RuntimeError(f'the poster counted {again["errors"]} of 10 refusals')


# -- W1, W2, paced ----------------------------------------------------------------------------------------------------

def drive(cluster, side, operator, load):
    """One load from its first POST until all is seen, with what it cost."""
    watch = rig.Observer(cluster, load['jobs'], load['jobs'] * load['replicas'], until_of(side))
    wrote = operator and operator.requests()
    parts, own, machine, wall = cluster.cpu(), operator and rig.cpu_of(operator.pid), rig.machine_cpu(), time.monotonic()
    posted = rig.post(cluster, load['jobs'], load['replicas'], make=make_of(side), rate=load.get('rate'))
    seen = watch.report()
    spent = {part: after - parts[part] for part, after in cluster.cpu().items()}
    spent['own'] = rig.cpu_of(operator.pid) - own if operator else posted['cpu_seconds']
    machine, wall = rig.machine_cpu() - machine, time.monotonic() - wall
    wrote = operator and {verb: count - wrote.get(verb, 0) for verb, count in operator.requests().items()}
    return posted, seen, spent, machine, wall, wrote


def seconds_from(posted, moment):
    return (moment - posted['first_post']) / SECOND


def burst(name, load, side, repeat):
    with rig.Cluster() as cluster, contender(cluster, side) as operator:
        warm_up(cluster, side, load['replicas'])
        if side == 'client':
            check_poster(cluster)
        before = {'rss': rig.memory_of(operator.pid)['rss']} if operator else {}
        posted, seen, spent, machine, wall, wrote = drive(cluster, side, operator, load)
        record = {
            'load': name, 'side': side, 'repeat': repeat, **load,
            'last_pod_s': seconds_from(posted, seen['last_pod']),
            'last_running_s': seconds_from(posted, seen['last_running']),
            'first_pod_p50_ms': seen['job_to_first_pod_ms']['p50'],
            'first_pod_p90_ms': seen['job_to_first_pod_ms']['p90'],
            'first_pod_p99_ms': seen['job_to_first_pod_ms']['p99'],
            'cluster_cpu_s': sum(spent.values()),
            'own_cpu_s': spent['own'],
            'cpu_s': spent,
            'other_cores': max(0, machine - sum(spent.values())) / wall,
            'watch_closes': seen['closes'],
            'client_retries': posted['retries'],
        }
        if operator:
            record['job_running_s'] = seconds_from(posted, seen['last_job_running'])
            record['status_lag_p50_ms'] = seen['last_pod_running_to_job_running_ms']['p50']
            record['status_lag_p99_ms'] = seen['last_pod_running_to_job_running_ms']['p99']
            record['rss_before'] = before['rss']
            record['wrote'] = wrote
            record['posts'], record['patches'] = wrote.get('POST', 0) / load['jobs'], wrote.get('PATCH', 0) / load['jobs']
            record['rss_peak'] = rig.memory_of(operator.pid)['peak']
            record['watch_restarts'] = sum(value for name, _, value in operator.metrics() if name == 'kitae_watch_restarts_total')
        rig.say(f'{name} {side} #{repeat}: last pod {record["last_pod_s"]:.2f} s, all running {record["last_running_s"]:.2f} s, '
                f'first pod p50/p99 {record["first_pod_p50_ms"]:.1f}/{record["first_pod_p99_ms"]:.1f} ms, '
                f'cluster {record["cluster_cpu_s"] / load["jobs"] * 1000:.0f} ms CPU a job, own {record["own_cpu_s"]:.2f} s, '
                f'others {record["other_cores"]:.2f} cores')
        return record


# -- accounting -------------------------------------------------------------------------------------------------------

class Audit:
    """The writes in a namespace since this object was made, from the audit log, by who, verb and what."""

    def __init__(self, cluster, namespace):
        self.path, self.namespace = cluster.audit_log, namespace
        self.start = os.path.getsize(self.path)

    @staticmethod
    def who(user):
        return {'system:serviceaccount:bench:kitae': 'kitae', 'system:serviceaccount:bench:poster': 'client',
                'system:kube-scheduler': 'scheduler', 'kwok': 'kubelet'}.get(user, 'controller-manager' if
                user.startswith('system:serviceaccount:kube-system:') or user == 'system:kube-controller-manager' else user)

    def counts(self):
        time.sleep(1)
        counts = {}
        with open(self.path, encoding='utf-8') as log:
            log.seek(self.start)
            for line in log:
                entry = json.loads(line)
                what = entry.get('objectRef', {})
                if entry['verb'] not in ('create', 'update', 'patch', 'delete', 'deletecollection') or \
                   what.get('namespace') != self.namespace:
                    continue
                resource = what['resource'] + ('/' + what['subresource'] if what.get('subresource') else '')
                code = entry['responseStatus'].get('code', 0)
                key = ' '.join([self.who(entry['user']['username']), entry['verb'], resource] + ([str(code)] if code >= 400 else []))
                counts[key] = counts.get(key, 0) + 1
        return counts


def accounting(side, load, life_jobs):
    """Who writes what for a job of W2, until Running; and, for ours, until finished and deleted."""
    jobs, replicas = load['jobs'], load['replicas']
    with rig.Cluster(audit=True) as cluster, contender(cluster, side) as operator:
        warm_up(cluster, side, replicas)
        audit = Audit(cluster, 'load')
        drive(cluster, side, operator, load)
        cluster.settle()
        record = {'load': 'accounting', 'side': side, 'jobs': jobs, 'until_running': audit.counts()}
        if operator:
            audit = Audit(cluster, 'life')
            gone = rig.Observer(cluster, life_jobs, life_jobs * replicas, 'gone', namespace='life')
            finished = rig.Observer(cluster, life_jobs, life_jobs * replicas, 'finished', namespace='life')
            rig.post(cluster, life_jobs, replicas, make='jobs', namespace='life', run_seconds=10)
            finished.report()
            time.sleep(5)
            rig.post(cluster, life_jobs, replicas, make='nothing', namespace='life')
            gone.report()
            cluster.settle()
            record.update({'life_jobs': life_jobs, 'whole_life': audit.counts()})
    total = sum(record['until_running'].values()) / jobs
    own = sum(count for key, count in record['until_running'].items() if key.startswith('kitae ')) / jobs
    rig.say(f'accounting {side}: {total:.1f} writes a job until Running, {own:.1f} of them by the operator')
    return record


# -- memory -----------------------------------------------------------------------------------------------------------

def memory(jobs, owners, replicas, rest):
    """Resident memory with nothing; with finished jobs, listed at start; then with pods that it made; each after a rest."""
    points = {}

    def take(name, operator):
        time.sleep(rest)
        points[name] = {**rig.memory_of(operator.pid), 'store': operator.store_bytes()}
        rig.say(f'memory {name}: {points[name]["rss"] / 1e6:.1f} MB resident, {points[name]["store"] / 1e6:.1f} MB of objects')

    with rig.Cluster() as cluster:
        with rig.Operator(cluster) as operator:
            take('idle', operator)
        rig.post(cluster, jobs, 8, make='finished', prefix='old')
        with rig.Operator(cluster) as operator:
            take('jobs', operator)
            watch = rig.Observer(cluster, owners, owners * replicas, 'jobs-running', timeout=3600)
            rig.post(cluster, owners, replicas, make='jobs', prefix='big')
            watch.report()
            operator.wait_until_quiet()
            take('pods', operator)
            record = {'load': 'memory', 'side': 'kitae', 'jobs': jobs, 'pods': owners * replicas, 'owners': owners, 'rest_s': rest,
                      'points': points, 'writes': operator.writes()}
        with rig.Operator(cluster) as operator: # the same objects once more, from a list
            take('again', operator)
        job = cluster.kubectl('get', '--raw', '/apis/kitae.dev/v1alpha1/namespaces/load/trainingjobs/old-00000')
        pod = cluster.kubectl('get', '--raw', '/api/v1/namespaces/load/pods/big-00000-worker-0')
    return {**record, 'job_json': len(job), 'pod_json': len(pod),
            'job_bytes': (points['jobs']['rss'] - points['idle']['rss']) / jobs,
            'pod_bytes': (points['pods']['rss'] - points['jobs']['rss']) / (owners * replicas),
            'pod_bytes_listed': (points['again']['rss'] - points['jobs']['rss']) / (owners * replicas)}


# -- cold start and idle ----------------------------------------------------------------------------------------------

def cold_start(jobs, replicas, times, idle_minutes):
    """exec to /readyz with everything there; then what an operator with nothing to do does."""
    record = {'load': 'coldstart', 'side': 'kitae', 'jobs': jobs, 'pods': jobs * replicas, 'ready_s': [], 'cpu_s': [], 'rss': []}
    with rig.Cluster() as cluster:
        watch = rig.Observer(cluster, jobs, jobs * replicas, 'running', timeout=7200)
        posted = rig.post(cluster, jobs, replicas)
        seen = watch.report()
        rig.say(f'coldstart: {jobs} jobs and {jobs * replicas} pods are there after {seconds_from(posted, seen["last_running"]):.0f} s')
        with rig.Operator(cluster) as operator: # it finds every job running and says so, once
            record['first_ready_s'] = operator.ready_seconds
            operator.wait_until_quiet()
            record['first_writes'] = operator.writes()
        cluster.settle()
        for number in range(times):
            with rig.Operator(cluster) as operator:
                record['ready_s'].append(operator.ready_seconds)
                record['cpu_s'].append(rig.cpu_of(operator.pid))
                record['rss'].append(rig.memory_of(operator.pid)['rss'])
                rig.say(f'coldstart #{number + 1}: ready after {operator.ready_seconds:.2f} s, {record["cpu_s"][-1]:.2f} s CPU')
            cluster.settle(30)
        with rig.Operator(cluster) as operator:
            record.update(idle(cluster, operator, idle_minutes))
    return record


def idle(cluster, operator, minutes):
    operator.wait_until_quiet()
    time.sleep(50)
    settled = rig.memory_of(operator.pid)
    writes, requests, cpu, switches = operator.writes(), cluster.requests(), rig.cpu_of(operator.pid), rig.switches_of(operator.pid)
    rig.say(f'idle: {settled["rss"] / 1e6:.1f} MB resident; now {minutes:g} minutes of nothing')
    time.sleep(minutes * 60)
    after = cluster.requests()
    changed = {resource: after[resource] - requests.get(resource, 0) for resource in after}
    leases = changed.pop('leases', 0)
    record = {'idle_minutes': minutes, 'idle_rss': settled['rss'], 'idle_peak': settled['peak'],
              'idle_writes': operator.writes() - writes, 'idle_lease_writes_of_all': leases, 'idle_api_writes': changed,
              'idle_cpu_ms_per_minute': (rig.cpu_of(operator.pid) - cpu) / minutes * 1000,
              'idle_switches_per_minute': (rig.switches_of(operator.pid) - switches) / minutes}
    rig.say(f'idle: {record["idle_writes"]} writes of the operator, of which leases {leases}; of anybody: {changed}')
    return record

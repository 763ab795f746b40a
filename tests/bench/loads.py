"""The loads. Each returns what it measured as one flat record for build/bench/results.jsonl."""

import json
import os
import time

import contenders
import rig

SECOND = 1e9


def post(cluster, side, jobs, replicas, **more):
    """Submits jobs of a burst in the form that the side takes."""
    kind = contenders.kind_of(side)
    return rig.post(cluster, jobs, replicas, make=kind.make, form=contenders.form_of(kind.form), **more)


def post_other(cluster, side, jobs, replicas, **more):
    """Submits jobs that end, go or restart."""
    kind = contenders.kind_of(side)
    return rig.post(cluster, jobs, replicas, make=kind.make, form=contenders.form_of(kind.other_form), **more)


def observe(cluster, side, jobs, replicas, until=None, **more):
    kind = contenders.kind_of(side)
    return rig.Observer(cluster, jobs, jobs * replicas, until or kind.until, resource=kind.resource, **more)


def warm_up(cluster, side, replicas):
    """Code paths, connections and caches of all parts; not measured."""
    watch = observe(cluster, side, 10, replicas, namespace='warm')
    post(cluster, side, 10, replicas, namespace='warm')
    watch.report()
    cluster.settle()


def check_poster(cluster):
    """A client that overlooked refusals would look fast: the same names again must all be counted."""
    again = rig.post(cluster, 10, 1, make='jobs', namespace='warm', may_fail=True)
    if again['errors'] != 10:
        raise RuntimeError(f'the poster counted {again["errors"]} of 10 refusals')


# -- W1, W2, W3, paced ------------------------------------------------------------------------------------------------

class Costs:
    """What is spent from here on: by the cluster's parts, the contender, and anybody else on the machine."""

    def __init__(self, cluster, contender):
        self.cluster, self.contender = cluster, contender
        self.writes = cluster.requests('verb')
        self.parts, self.own, self.machine, self.wall = cluster.cpu(), contender.cpu(), rig.machine_cpu(), time.monotonic()

    def record(self, jobs, client_seconds=0):
        """For jobs; client_seconds: what was spent by a client that does the work itself."""
        spent = {part: after - self.parts[part] for part, after in self.cluster.cpu().items()}
        spent['own'] = self.contender.cpu() - self.own + client_seconds
        machine, wall = rig.machine_cpu() - self.machine, time.monotonic() - self.wall
        writes = {verb: (count - self.writes.get(verb, 0)) / jobs for verb, count in self.cluster.requests('verb').items()}
        return {'cluster_cpu_s': sum(spent.values()), 'own_cpu_s': spent['own'], 'cpu_s': spent,
                'other_cores': max(0, machine - sum(spent.values())) / wall,
                'writes': sum(writes.values()), **{'writes_' + verb: count for verb, count in writes.items()}}


def drive(cluster, side, contender, load):
    """One load from its first POST until all is seen, with what it cost."""
    watch = observe(cluster, side, load['jobs'], load['replicas'])
    costs = Costs(cluster, contender)
    posted = post(cluster, side, load['jobs'], load['replicas'], rate=load.get('rate'))
    seen = watch.report()
    return posted, seen, costs.record(load['jobs'], posted['cpu_seconds'] if side == 'client' else 0)


def seconds_from(posted, moment):
    return (moment - posted['first_post']) / SECOND


def burst(name, load, side, repeat):
    with rig.Cluster() as cluster, contenders.start(side, cluster) as contender:
        warm_up(cluster, side, load['replicas'])
        if side == 'client':
            check_poster(cluster)
        before = contender.memory()
        posted, seen, costs = drive(cluster, side, contender, load)
        record = {
            'load': name, 'side': side, 'repeat': repeat, **load,
            'last_pod_s': seconds_from(posted, seen['last_pod']),
            'last_running_s': seconds_from(posted, seen['last_running']),
            'first_pod_p50_ms': seen['job_to_first_pod_ms']['p50'],
            'first_pod_p90_ms': seen['job_to_first_pod_ms']['p90'],
            'first_pod_p99_ms': seen['job_to_first_pod_ms']['p99'],
            **costs,
            'watch_closes': seen['closes'],
            'client_retries': posted['retries'],
            **contender.details(load['jobs']),
        }
        if contender.processes:
            record['rss_before'], record['rss_peak'] = before['rss'], contender.memory()['peak']
        if contender.until == 'jobs-running':
            record['job_running_s'] = seconds_from(posted, seen['last_job_running'])
            record['status_lag_p50_ms'] = seen['last_pod_running_to_job_running_ms']['p50']
            record['status_lag_p99_ms'] = seen['last_pod_running_to_job_running_ms']['p99']
        rig.say(f'{name} {side} #{repeat}: last pod {record["last_pod_s"]:.2f} s, all running {record["last_running_s"]:.2f} s, '
                f'first pod p50/p99 {record["first_pod_p50_ms"]:.1f}/{record["first_pod_p99_ms"]:.1f} ms, '
                f'cluster {record["cluster_cpu_s"] / load["jobs"] * 1000:.0f} ms CPU and {record["writes"]:.1f} writes a job, '
                f'own {record["own_cpu_s"]:.2f} s, others {record["other_cores"]:.2f} cores')
        return record


# -- W5 ---------------------------------------------------------------------------------------------------------------

def churn(side, load, repeat):
    """
    Jobs come at a rate, run 2 s, end and go. Resident memory at rest before and after, and how it rose meanwhile. Before
    it a round of the same length: what a first one needs for itself is no leak.
    """
    with rig.Cluster() as cluster, contenders.start(side, cluster) as contender:
        replicas, rate = load['replicas'], load['rate']

        def run(namespace, seconds):
            watch = observe(cluster, side, rate * seconds, replicas, 'gone', namespace=namespace, timeout=7200)
            posted = post_other(cluster, side, rate * seconds, replicas, namespace=namespace, rate=rate, run_seconds=2)
            return posted, watch.report()

        def rest():
            cluster.settle()
            contender.wait_until_quiet()
            time.sleep(load['rest_s'])
            return contender.memory()

        run('warm', load['warm_s'])
        before, costs = rest(), Costs(cluster, contender)
        with rig.Samples(lambda: contender.memory()['rss']) as samples:
            posted, seen = run('load', load['seconds'])
        jobs = rate * load['seconds']
        record = {'load': 'W5', 'side': side, 'repeat': repeat, **load, 'jobs': jobs, **costs.record(jobs),
                  'all_gone_s': seconds_from(posted, seen['last_pod_gone']),
                  'late_s': (seen['last_pod_gone'] - posted['last_answer']) / SECOND,
                  'rss_slope': samples.slope(load['seconds'] * 2 / 3) * 60,
                  'rss_before': before['rss']}
        after = rest()
        record.update({'rss_after': after['rss'], 'rss_peak': after['peak'], 'rss_job': (after['rss'] - before['rss']) / jobs})
        rig.say(f'W5 {side} #{repeat}: all gone {record["late_s"]:.1f} s after the last POST; resident {before["rss"] / 1e6:.1f} MB at rest, '
                f'{after["rss"] / 1e6:.1f} MB after {jobs} jobs, peak {after["peak"] / 1e6:.1f} MB, own {record["own_cpu_s"]:.2f} s CPU')
        return record


# -- W7 ---------------------------------------------------------------------------------------------------------------

def storm(side, load, repeat):
    """Every tenth pod by name is deleted at once: how long until all pods of all jobs run again."""
    jobs, replicas = load['jobs'], load['replicas']
    with rig.Cluster() as cluster, contenders.start(side, cluster) as contender:
        watch = observe(cluster, side, jobs, replicas, 'running')
        post_other(cluster, side, jobs, replicas)
        watch.report()
        contender.wait_until_quiet()
        victims = sorted(cluster.kubectl('get', 'pods', '-n', 'load', '-o', 'name').split())[::10]
        names = os.path.join(rig.OUT, 'victims')
        with open(names, 'w', encoding='utf-8') as file:
            file.writelines(victim.removeprefix('pod/') + '\n' for victim in victims)
        watch = observe(cluster, side, jobs, replicas, 'whole', left=len(victims))
        costs = Costs(cluster, contender)
        posted = rig.post(cluster, len(victims), 1, make='gaps', pods=names)
        seen = watch.report()
        record = {'load': 'W7', 'side': side, 'repeat': repeat, **load, 'deleted': len(victims), **costs.record(jobs),
                  'whole_s': seconds_from(posted, seen['last_whole']), 'pods_left': seen['pods_left'],
                  'rss_peak': contender.memory()['peak']}
        rig.say(f'W7 {side} #{repeat}: whole again {record["whole_s"]:.1f} s after {len(victims)} pods were deleted; {seen["pods_left"]} pods '
                f'were replaced, {record["writes"]:.1f} writes a job, own {record["own_cpu_s"]:.2f} s CPU')
        return record


# -- accounting -------------------------------------------------------------------------------------------------------

class Audit:
    """The writes in a namespace since this object was made, from the audit log, by who, verb and what."""

    def __init__(self, cluster, namespace):
        self.path, self.namespace = cluster.audit_log, namespace
        self.start = os.path.getsize(self.path)

    @staticmethod
    def who(user):
        if user.startswith('system:serviceaccount:kube-system:') or user == 'system:kube-controller-manager':
            return 'controller-manager'
        user = user.removeprefix('system:serviceaccount:bench:')
        return {'poster': 'client', 'system:kube-scheduler': 'scheduler', 'kwok': 'kubelet'}.get(user, user)

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
    with rig.Cluster(audit=True) as cluster, contenders.start(side, cluster) as contender:
        warm_up(cluster, side, replicas)
        audit = Audit(cluster, 'load')
        drive(cluster, side, contender, load)
        cluster.settle()
        record = {'load': 'accounting', 'side': side, 'jobs': jobs, 'until_running': audit.counts()}
        if side == 'kitae':
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
    rig.say(f'accounting {side}: {total:.1f} writes a job until Running')
    return record


# -- memory -----------------------------------------------------------------------------------------------------------

def memory(jobs, owners, replicas, rest):
    """Resident memory with nothing; with finished jobs, listed at start; then with pods that it made; each after a rest."""
    points = {}

    def take(name, operator):
        time.sleep(rest)
        points[name] = {**operator.memory(), 'store': operator.store_bytes()}
        rig.say(f'memory {name}: {points[name]["rss"] / 1e6:.1f} MB resident, {points[name]["store"] / 1e6:.1f} MB of objects')

    with rig.Cluster() as cluster:
        with contenders.Kitae(cluster) as operator:
            take('idle', operator)
        rig.post(cluster, jobs, 8, make='finished', prefix='old')
        with contenders.Kitae(cluster) as operator:
            take('jobs', operator)
            watch = rig.Observer(cluster, owners, owners * replicas, 'jobs-running', timeout=3600)
            rig.post(cluster, owners, replicas, make='jobs', prefix='big')
            watch.report()
            operator.wait_until_quiet()
            take('pods', operator)
            record = {'load': 'memory', 'side': 'kitae', 'jobs': jobs, 'pods': owners * replicas, 'owners': owners, 'rest_s': rest,
                      'points': points, 'writes': operator.writes()}
        with contenders.Kitae(cluster) as operator: # the same objects once more, from a list
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
        with contenders.Kitae(cluster) as operator: # it finds every job running and says so, once
            record['first_ready_s'] = operator.ready_seconds
            operator.wait_until_quiet()
            record['first_writes'] = operator.writes()
        cluster.settle()
        for number in range(times):
            with contenders.Kitae(cluster) as operator:
                record['ready_s'].append(operator.ready_seconds)
                record['cpu_s'].append(operator.cpu())
                record['rss'].append(operator.memory()['rss'])
                rig.say(f'coldstart #{number + 1}: ready after {operator.ready_seconds:.2f} s, {record["cpu_s"][-1]:.2f} s CPU')
            cluster.settle(30)
        with contenders.Kitae(cluster) as operator:
            record.update(idle(cluster, operator, idle_minutes))
    return record


def idle(cluster, contender, minutes):
    contender.wait_until_quiet()
    time.sleep(50)
    settled = contender.memory()
    requests, cpu, switches = cluster.requests(), contender.cpu(), contender.switches()
    rig.say(f'idle: {settled["rss"] / 1e6:.1f} MB resident; now {minutes:g} minutes of nothing')
    time.sleep(minutes * 60)
    after = cluster.requests()
    changed = {resource: after[resource] - requests.get(resource, 0) for resource in after}
    leases = changed.pop('leases', 0)
    record = {'idle_minutes': minutes, 'idle_rss': settled['rss'], 'idle_peak': settled['peak'],
              'idle_lease_writes_of_all': leases, 'idle_api_writes': {what: count for what, count in changed.items() if count},
              'idle_cpu_ms_per_minute': (contender.cpu() - cpu) / minutes * 1000,
              'idle_switches_per_minute': (contender.switches() - switches) / minutes}
    rig.say(f'idle: {record["idle_cpu_ms_per_minute"]:.0f} ms CPU a minute; leases {leases}; writes of anybody: {record["idle_api_writes"]}')
    return record


def idleness(side, load, repeat):
    """W9: jobs that run and change no more."""
    with rig.Cluster() as cluster, contenders.start(side, cluster) as contender:
        watch = observe(cluster, side, load['jobs'], load['replicas'], 'running', timeout=7200)
        post_other(cluster, side, load['jobs'], load['replicas'])
        watch.report()
        return {'load': 'W9', 'side': side, 'repeat': repeat, **load, **idle(cluster, contender, load['minutes'])}

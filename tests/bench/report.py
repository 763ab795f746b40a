"""The page: what was measured against what was promised (the bars), and everything behind it."""

import json
import os
import re
import statistics
import subprocess

import contenders
import rig

MISSED = '**missed**'
OPERATORS = ['kitae', 'job-controller', 'jobset', 'training-operator'] # who they are in the audit log


class Results:
    def __init__(self, records):
        self.records = records

    def churned_at(self, rate):
        """Of W5 only what was measured at this rate."""
        return Results([record for record in self.records if record['load'] != 'W5' or record['rate'] == rate])

    def contested(self, wanted):
        """The loads that peers were measured with, or the others."""
        loads = {record['load'] for record in self.records if is_peer(record['side'])}
        return Results([record for record in self.records if (record['load'] in loads) == wanted])

    def rates(self):
        return sorted({record['rate'] for record in self.of('W5')})

    def of(self, load, side=None):
        return [record for record in self.records if record['load'] == load and side in (None, record['side'])]

    def values(self, load, side, key):
        return [record[key] for record in self.of(load, side) if record.get(key) is not None]

    def last(self, load, side='kitae'):
        return (self.of(load, side) or [None])[-1]


def is_peer(side):
    return side not in ('client', 'kitae')


def read(path):
    with open(path, encoding='utf-8') as file:
        return Results([json.loads(line) for line in file])


# -- numbers ----------------------------------------------------------------------------------------------------------

def number(value, digits=2):
    return f'{value:,.{digits}f}'


def spread(values, digits=2):
    """Median, and from least to most when there is more than one."""
    if not values:
        return ''
    middle = number(statistics.median(values), digits)
    return middle if len(values) == 1 else f'{middle} ({number(min(values), digits)}-{number(max(values), digits)})'


def table(head, rows):
    return '\n'.join(['| ' + ' | '.join(head) + ' |', '|' + ' --- |' * len(head)] +
                     ['| ' + ' | '.join(str(cell) for cell in row) + ' |' for row in rows]) + '\n'


def sides_of(results, load):
    return [side for side in contenders.SIDES if results.of(load, side)]


def ratio(results, load, side='kitae', key='last_pod_s'):
    """The client's time by theirs."""
    client, theirs = results.values(load, 'client', key), results.values(load, side, key)
    return statistics.median(client) / statistics.median(theirs) if client and theirs else None


def pairs(results, load, side='kitae', key='last_pod_s'):
    theirs = {record['repeat']: record[key] for record in results.of(load, side)}
    return [record[key] / theirs[record['repeat']] for record in results.of(load, 'client') if record['repeat'] in theirs]


def ratio_text(results, load, side):
    value, each = ratio(results, load, side), pairs(results, load, side)
    if value is None:
        return ''
    return number(value) + (f' (pairs {number(min(each))}-{number(max(each))})' if len(each) > 1 else '')


def per_job(record, counts, jobs):
    return sum(record[counts].values()) / record[jobs]


def own_per_job(record, counts, jobs):
    return sum(count for key, count in record[counts].items() if key.split()[0] in OPERATORS) / record[jobs]


# -- the bars ---------------------------------------------------------------------------------------------------------

def bars(results):
    """(measure, bar, measured, client, whether it holds); what was not measured is left out."""
    rows = []

    def add(measure, bar, measured, client, good):
        rows.append([measure, bar, measured, client, 'yes' if good else MISSED])

    for load, jobs in (('W2', '250 jobs x 8 pods'), ('W1', '500 jobs x 1 pod')):
        value = ratio(results, load)
        if value:
            add(f'{load}: {jobs}, burst: first POST to last pod seen, time of the client / ours', '>= 0.95',
                ratio_text(results, load, 'kitae'), '1', value >= 0.95)
    for key, name, limit in (('first_pod_p50_ms', 'p50', 10), ('first_pod_p99_ms', 'p99', 30)):
        values = results.values('paced', 'kitae', key)
        if values:
            add(f'paced 5 jobs/s x 8 pods: job seen to its first pod seen, {name}', f'<= {limit} ms', spread(values, 1) + ' ms',
                spread(results.values('paced', 'client', key), 1) + ' ms', statistics.median(values) <= limit)
    ours, client = results.last('accounting'), results.last('accounting', 'client')
    if ours:
        value = per_job(ours, 'until_running', 'jobs')
        add('API writes of the whole cluster for an 8-pod job until Running', '<= 40', number(value, 1),
            number(per_job(client, 'until_running', 'jobs'), 1) if client else '', value <= 40)
        value = own_per_job(ours, 'whole_life', 'life_jobs')
        add('API writes of ours for an 8-pod job, created to finished and deleted', '<= 28', number(value, 1), '', value <= 28)
    add_resources(results, add)
    add_states(results, add)
    return rows


def add_resources(results, add):
    idle = results.last('memory')
    if idle:
        value = idle['points']['idle']['rss'] / 1e6
        add('resident memory, idle', '<= 15 MB', number(value, 1) + ' MB', '', value <= 15)
    peaks = [value / 1e6 for value in results.values('W2', 'kitae', 'rss_peak')]
    if peaks:
        add('resident memory, peak in the burst W2', '<= 25 MB', spread(peaks, 1) + ' MB', '', max(peaks) <= 25)
    for key, name, limit, scale in (('cluster_cpu_s', 'CPU of the whole cluster for a job of W2', 170, 1000),
                                    ('own_cpu_s', 'own CPU for the burst W2', 1.5, None)):
        runs = results.of('W2', 'kitae')
        if not runs:
            continue
        sides = [[record[key] * scale / record['jobs'] if scale else record[key] for record in results.of('W2', side)]
                 for side in ('kitae', 'client')]
        unit, digits = (' ms', 0) if scale else (' s', 2)
        add(name, f'<= {limit}{unit}', spread(sides[0], digits) + unit, spread(sides[1], digits) + unit,
            statistics.median(sides[0]) <= limit)


def add_states(results, add):
    memory, cold = results.last('memory'), results.last('coldstart')
    if memory:
        add(f'resident bytes for a pod ({memory["pods"]:,} of them)', '<= 600', number(memory['pod_bytes'], 0), '', memory['pod_bytes'] <= 600)
        value = memory['job_bytes'] * 5000 / 1e6
        add(f'resident memory for 5,000 jobs (slope over {memory["jobs"]:,})', '<= 20 MB', number(value, 1) + ' MB', '', value <= 20)
    if cold:
        add(f'cold start with {cold["jobs"]:,} jobs and {cold["pods"]:,} pods: exec to /readyz', '<= 6 s', spread(cold['ready_s']) + ' s', '',
            statistics.median(cold['ready_s']) <= 6)
        # The lease is renewed every two seconds; everything else that is written would show on these resources.
        writes = sum(cold['idle_api_writes'].values())
        add(f'idle with {cold["jobs"]:,} running jobs, {cold["idle_minutes"]:g} minutes: writes but the lease', '0', writes, '', writes == 0)


# -- peers ------------------------------------------------------------------------------------------------------------

# (what, load, key, decimals, what one is divided by)
PEER_ROWS = [
    ('W2: CPU of the whole cluster, s', 'W2', 'cluster_cpu_s', 1, 1),
    ('W2: of the operator, s', 'W2', 'own_cpu_s', 2, 1),
    ('W2: writes of the whole cluster, a job', 'W2', 'writes', 1, 1),
    ('W2: resident memory, peak, MB', 'W2', 'rss_peak', 1, 1e6),
    ('paced: job seen to its first pod seen, p99, ms', 'paced', 'first_pod_p99_ms', 1, 1),
    ('W7: a tenth of the pods deleted to all pods Running again, s', 'W7', 'whole_s', 1, 1),
    ('W9: resident memory, MB', 'W9', 'idle_rss', 1, 1e6),
    ('W9: CPU, ms a minute', 'W9', 'idle_cpu_ms_per_minute', 1, 1),
]
CHURN_SHORT = [('resident at rest before, MB', 'rss_before', 1, 1e6), ('what stays of a job that is gone, bytes', 'rss_job', 0, 1)]


def in_short(results):
    """The loads in short: everybody in the columns."""
    sides = [side for side in contenders.SIDES if any(record['side'] == side for record in results.records)]
    rows = [[f'{load}: time of the client / this, first POST to last pod seen', *(ratio_text(results, load, side) for side in sides)]
            for load in ('W1', 'W2', 'W3')]
    rows += [[name, *(spread([value / unit for value in results.values(load, side, key)], digits) for side in sides)]
             for name, load, key, digits, unit in PEER_ROWS]
    rows += [[f'W5 at {rate} jobs/s: {name}', *(spread([value / unit for value in results.churned_at(rate).values('W5', side, key)], digits)
                                                for side in sides)] for rate in results.rates() for name, key, digits, unit in CHURN_SHORT]
    return 'Median (least-most). What each is, and what is equal, stands at the end.\n\n' + \
           table(['', *map(contenders.title, sides)], [row for row in rows if any(row[1:])])


# -- what is behind them ----------------------------------------------------------------------------------------------

# (what, key, decimals, what one is divided by)
COST_ROWS = [
    ('writes of the whole cluster, a job', 'writes', 1, 1),
    *((f'of them {verb}', 'writes_' + verb, 1, 1) for verb in ('POST', 'PUT', 'PATCH', 'APPLY', 'DELETE')),
    ('CPU of the whole cluster, s', 'cluster_cpu_s', 1, 1),
    ('of the operator, or of the client, s', 'own_cpu_s', 2, 1),
    ('resident memory of the operator, peak, MB', 'rss_peak', 1, 1e6),
    ('other use of the machine, cores', 'other_cores', 2, 1),
]
BURST_ROWS = [
    ('first POST to last pod seen, s', 'last_pod_s', 2, 1),
    ('first POST to all pods Running, s', 'last_running_s', 2, 1),
    ('first POST to all jobs Running, s', 'job_running_s', 2, 1),
    ('job seen to its first pod seen, p50, ms', 'first_pod_p50_ms', 1, 1),
    ('p90, ms', 'first_pod_p90_ms', 1, 1),
    ('p99, ms', 'first_pod_p99_ms', 1, 1),
    ('last pod Running seen to job Running seen, p50, ms', 'status_lag_p50_ms', 1, 1),
    ('p99, ms', 'status_lag_p99_ms', 1, 1),
    *COST_ROWS,
    ('watches that the server closed: the operator\'s', 'watch_restarts', 0, 1),
    ('the observer\'s', 'watch_closes', 0, 1),
    ('requests the client or submitter had to repeat', 'client_retries', 0, 1),
]
CHURN_ROWS = [
    ('resident at rest before, MB', 'rss_before', 1, 1e6),
    ('resident at rest after, MB', 'rss_after', 1, 1e6),
    ('between them, bytes a job', 'rss_job', 0, 1),
    ('slope of the last two thirds, MB a minute', 'rss_slope', 2, 1e6),
    ('last POST answered to all gone, s', 'late_s', 1, 1),
    *COST_ROWS,
]
STORM_ROWS = [
    ('first DELETE to all pods of all jobs Running again, s', 'whole_s', 1, 1),
    ('pods that were replaced', 'pods_left', 0, 1),
    *COST_ROWS,
]
IDLE_ROWS = [
    ('resident memory, MB', 'idle_rss', 1, 1e6),
    ('its peak so far, MB', 'idle_peak', 1, 1e6),
    ('CPU, ms a minute', 'idle_cpu_ms_per_minute', 1, 1),
    ('context switches a minute', 'idle_switches_per_minute', 0, 1),
    ('writes of anybody but leases', 'idle_others', 0, 1),
    ('writes of leases, by anybody', 'idle_lease_writes_of_all', 0, 1),
]


def side_table(results, load, rows, first=()):
    """Rows of measures with a column for each side; what nobody has is left out."""
    sides = sides_of(results, load)
    cells = [[name, *(spread([value / unit for value in results.values(load, side, key)], digits) for side in sides)]
             for name, key, digits, unit in rows]
    counts = ['runs', *(len(results.of(load, side)) for side in sides)]
    return table(['', *map(contenders.title, sides)], [counts, *(row for row in [*first, *cells] if any(row[1:]))])


def parts_text(results, load):
    """The CPU of each part; `own` is the operator or the client."""
    text = []
    for side in sides_of(results, load):
        runs = results.of(load, side)
        parts = ', '.join(f'{part} {number(statistics.median([record["cpu_s"][part] * 1000 / record["jobs"] for record in runs]), 1)}'
                          for part in sorted(runs[0]['cpu_s']))
        text.append(f'{contenders.title(side)}: {parts}')
    return '\nCPU by part, ms a job. ' + '; '.join(text) + '.\n'


def bursts(results):
    text = ''
    for load in ('W1', 'W2', 'W3', 'paced'):
        runs = results.of(load)
        if not runs:
            continue
        pace = f', {runs[0]["rate"]} jobs a second' if runs[0].get('rate') else ', as fast as it goes'
        text += f'\n### {load}: {runs[0]["jobs"]} jobs of {runs[0]["replicas"]} pods{pace}\n\nMedian (least-most).\n\n'
        efficiency = ['first POST to last pod seen, time of the client / this', *(ratio_text(results, load, side) for side in sides_of(results, load))]
        text += side_table(results, load, BURST_ROWS, [efficiency]) + parts_text(results, load)
    return text


def churns(results):
    """W5, at each of its rates."""
    text = ''
    for rate in results.rates():
        these = results.churned_at(rate)
        load = these.of('W5')[0]
        text += f'\n### W5: {rate} jobs a second of {load["replicas"]} pods for {load["seconds"]} s\n\n' \
                'Pods run 2 s, jobs are deleted by their own time to live 1 s after their end. At rest: everything is gone, and ' \
                f'{load["rest_s"]} s have passed; before it {load["warm_s"]} s of the same. Where "all gone" is late, the machine did not keep up ' \
                'with the rate: objects piled up, and the slope is theirs; what stays is the line above it.\n\n' + \
                side_table(these, 'W5', CHURN_ROWS) + parts_text(these, 'W5')
    return text


def others(results):
    text, storm, idle = churns(results), *(results.of(load) for load in ('W7', 'W9'))
    if storm:
        text += f'\n### W7: {storm[0]["deleted"]} pods of {storm[0]["jobs"]} jobs of {storm[0]["replicas"]} deleted at once\n\n' \
                'Kitae and JobSet make all pods of a job anew when one is lost, as training needs; the Job controller and the training-operator ' \
                'replace the one that was lost. The Job controller waits 10 s first; so would Kitae, by default: here its backoff is 0.\n\n' + \
                side_table(results, 'W7', STORM_ROWS) + parts_text(results, 'W7')
    if idle:
        for record in idle:
            record['idle_others'] = sum(record['idle_api_writes'].values())
        text += f'\n### W9: {idle[0]["jobs"]:,} running jobs of {idle[0]["replicas"]} pods, {idle[0]["idle_minutes"]:g} minutes of nothing\n\n' + \
                side_table(results, 'W9', IDLE_ROWS)
    return text


def how_peers_run():
    versions, flags = rig.versions(), '; '.join(f'{peer} `{" ".join(words)}`' for peer, words in contenders.RAISED.items())
    return f'''
### What each is

JobSet {versions["jobset"]}, training-operator {versions["training_operator"]} and the Job controller of Kubernetes {versions["kubernetes"]}, built from source
with `-trimpath -ldflags "-s -w"`. Same cluster, nodes, pods, rights and load program. Columns without a note have the
limits raised: {flags}. "As it comes" is without these flags. What
else there is to know:

- Their webhooks are not installed, which is in their favour; jobs are written as their defaulting would have made them.
- The Job controller is a kube-controller-manager with that controller alone, and the cluster's has it off. JobSet makes
  Jobs, so that both processes are its own: CPU and memory are the sums.
- A user of Jobs makes the headless Service himself: the load program does, after the Job, and its CPU is nobody's.
- The training-operator makes a Service for each pod and adds an init container to workers. Its leader election is off, since it works only inside of a cluster; everybody else's is on.
- Log level is info for all.
'''


def accounts(results):
    sides = {side: results.last('accounting', side) for side in sides_of(results, 'accounting')}
    if not sides:
        return ''
    columns = [(side, 'until_running', 'jobs') for side in sides]
    columns += [('kitae', 'whole_life', 'life_jobs')] if 'kitae' in sides else []
    keys = sorted({key for side, counts, _ in columns for key in sides[side][counts]})
    cells = {(side, counts): {key: sides[side][counts].get(key, 0) / sides[side][jobs] for key in keys} for side, counts, jobs in columns}
    rows = [[key, *(number(cells[side, counts][key]) if cells[side, counts][key] else '' for side, counts, _ in columns)] for key in keys]
    rows.append(['**sum**', *(f'**{number(sum(cells[side, counts].values()), 1)}**' for side, counts, _ in columns)])
    rows.append(['**of them the operator\'s**', *(f'**{number(own_per_job(sides[side], counts, jobs), 1)}**' for side, counts, jobs in columns)])
    some = next(iter(sides.values()))
    life = f'; whole life: pods that run 10 s, then the job is deleted ({sides["kitae"]["life_jobs"]} jobs)' if 'kitae' in sides else ''
    return '\n### Who writes what, for one 8-pod job\n\n' \
           'From the audit log, refused and conflicting ones (with their code) included, in runs of their own, since an audit costs time. ' \
           f'W2 until all is Running ({some["jobs"]} jobs){life}.\n\n' + table(['who, verb, what', *(
               f'{contenders.title(side)}, {counts.replace("_", " ")}' for side, counts, _ in columns)], rows)


def states(results):
    text = ''
    memory, cold = results.last('memory'), results.last('coldstart')
    if memory:
        text += '\n### Memory\n\n' \
                f'Each point after {memory["rest_s"]} s of rest. A job is {memory["job_json"]:,} bytes of JSON, a running pod {memory["pod_json"]:,}. ' \
                f'The pods belong to {memory["owners"]} jobs and were made by the operator itself; "again" is a new process that lists them.\n\n'
        names = {'idle': 'nothing there', 'jobs': f'{memory["jobs"]:,} finished jobs, listed at start',
                 'pods': f'and {memory["pods"]:,} running pods, made by this process', 'again': 'the same, listed by a new process'}
        text += table(['', 'resident, MB', 'anonymous, MB', 'peak so far, MB', 'objects held, MB'], [
            [names[name], *(number(point[key] / 1e6, 1) for key in ('rss', 'anonymous', 'peak', 'store'))] for name, point in memory['points'].items()])
        text += f'\nBytes a pod: {number(memory["pod_bytes"], 0)}; after listing: {number(memory["pod_bytes_listed"], 0)}. ' \
                f'Bytes a job: {number(memory["job_bytes"], 0)}.\n'
    if cold:
        text += '\n### Cold start and idleness\n\n' \
                f'{cold["jobs"]:,} jobs and {cold["pods"]:,} running pods, put there by the client. The first start found every job running and said so ' \
                f'in {cold["first_writes"]:,} writes (ready after {number(cold["first_ready_s"])} s); the next {len(cold["ready_s"])} starts: ready after ' \
                f'{spread(cold["ready_s"])} s, {spread(cold["cpu_s"])} s CPU, {spread([value / 1e6 for value in cold["rss"]], 1)} MB resident then.\n\n' \
                f'Then {cold["idle_minutes"]:g} minutes of nothing: {number(cold["idle_rss"] / 1e6, 1)} MB resident (peak {number(cold["idle_peak"] / 1e6, 1)}), ' \
                f'{number(cold["idle_cpu_ms_per_minute"], 0)} ms CPU and {number(cold["idle_switches_per_minute"], 0)} context switches a minute, ' \
                f'{cold["idle_lease_writes_of_all"]} writes of leases by anybody. Other writes of anybody: ' + \
                (', '.join(f'{what} {count}' for what, count in sorted(cold['idle_api_writes'].items())) or 'none') + '.\n'
    return text


# -- the page ---------------------------------------------------------------------------------------------------------

def version_of(command, pattern):
    found = re.search(pattern, subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    return found.group(1) if found else '?'


def machine():
    with open('/proc/meminfo', encoding='utf-8') as file:
        memory = int(file.readline().split()[1]) // 1024 // 1024
    with open('/etc/os-release', encoding='utf-8') as file:
        system = re.search(r'^PRETTY_NAME="(.*)"', file.read(), re.M).group(1)
    parts = rig.versions()
    return f'{os.cpu_count()} cores, {memory} GiB, {system}, Linux {os.uname().release.split("-")[0]}, ' \
           f'gcc {version_of(["gcc", "-dumpfullversion"], "(.*)")} -O2; Kubernetes {parts["kubernetes"]}, etcd {parts["etcd"]}, kwok {parts["kwok"]}, ' \
           'all on that machine, etcd on its disk with fsync'


PEERS = '## Beside its peers' # a section that can be of a run of its own


def commands(results):
    return '\n'.join(dict.fromkeys(f'    tests/bench/run {record["command"]}' for record in results.records))


def peers_section(results):
    """All of the loads that peers were measured with; '' when there are none."""
    contest = results.contested(True)
    if not contest.records:
        return ''
    return f'''{PEERS}

This section is the output of

{commands(contest)}

on {machine()}. Scheduler, simulated kubelets (20 nodes) and rights are equal for all sides, every measurement has a
fresh cluster, and the sides take turns.

{in_short(contest)}{bursts(contest)}{others(contest)}{accounts(contest)}{how_peers_run()}'''


def page(results, quick):
    note = '\n**A quick run with small numbers: it shows that everything works, not how fast.**\n' if quick else ''
    missed = sum(row[-1] == MISSED for row in bars(results))
    alone = results.contested(False)
    return f'''# Performance

Kitae beside a client that only writes: it POSTs the same custom resources, Services and pods and patches one status a
job, over the same HTTP client, with the same 16 requests in flight, and neither watches nor thinks. It is the floor: what
the API server alone costs. Ratios of one run on one machine mean something; seconds are that machine's.

This page is the output of

    make bench        # tests/bench/run --publish puts it here

on {machine()}. Scheduler and simulated kubelets (20 nodes) are on for all sides; each has its own account with the
same rights, and every run a fresh cluster, warmed up. The sides take turns. Times are taken by a third program with
watches of its own. Leader election is on.
{note}
## Against the bars

{missed} missed.

{table(['measure', 'bar', 'Kitae', 'client', 'holds'], bars(results))}
## What is behind them
{bursts(alone)}{others(alone)}{accounts(alone)}{states(alone)}
{peers_section(results)}'''

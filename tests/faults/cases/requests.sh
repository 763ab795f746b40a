# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh defines and reads
# Requests and answers that get lost, come late, or are refused.

# Everything is answered with 429 for 6 s, the lease too.
too_many_requests() {
    local before count
    start_proxy
    launch_operator --leader-elect=true --lease-namespace "$namespace"
    within 10 metric_is leader_election_master_status 1
    lives before
    rules '[{"do":"answer","status":429,"headers":{"Retry-After":"1"},"body":{"kind":"Status","code":429,"status":"Failure"}}]'
    tell POST cut '{"watch":true}' >/dev/null
    before=$(requests)
    job during 2 run-seconds=0.5
    wait_out 6
    count=$(($(requests) - before))
    echo "$count requests in 6 s"
    # 13 kinds are watched (7 when 40 was the bound), and each is tried again once a second at the most.
    [ $count -le $((13 * 6)) ] || fail "$count requests in 6 s, though each was told to wait 1 s"
    no_rules
    phase during Succeeded 40
    metric_is leader_election_master_status 1
    expect "$(get leases -o 'jsonpath={.items[0].spec.leaseTransitions}')" 0
    each_pod_once
}

# The wait that is asked for is kept, to the second.
retry_after_is_kept() {
    local times
    start_proxy
    start_operator
    rules '[{"do":"answer","status":429,"verb":"POST","path":"/pods","times":2,"headers":{"Retry-After":"3"},"body":{"kind":"Status","code":429}}]'
    lives patient 40
    times=$(tell GET 'requests?verb=POST&path=/pods' |
        python3 -c 'import json, sys; t = [r["time"] for r in json.load(sys.stdin)]; print(int(min(b - a for a, b in zip(t[:2], t[1:3]))))')
    [ "$times" -ge 2 ] || fail "asked to wait 3 s, it waited $times"
    each_pod_once
}

refused_now_and_then() { # RULES: the job lives all the same
    start_proxy
    rules "$1"
    start_operator
    lives once 60
    fired 1 || fail "the fault did not happen"
    each_pod_once
}
a_500_on_create() { refused_now_and_then '[{"do":"answer","status":500,"verb":"POST","times":3}]'; }
a_503_on_status() { refused_now_and_then '[{"do":"answer","status":503,"verb":"PATCH","path":"/status","times":3}]'; }
a_409_on_status() { refused_now_and_then '[{"do":"answer","status":409,"verb":"PATCH","path":"/status","times":3,"body":{"kind":"Status","code":409,"reason":"Conflict"}}]'; }
# Nothing else happens to the pods by then that would bring the operator back to them.
a_409_on_release() {
    start_proxy
    rules '[{"do":"answer","status":409,"verb":"PATCH","path":"/pods","body":{"kind":"Status","code":409,"reason":"Conflict"}}]'
    start_operator
    job once 2 run-seconds=0.5
    phase once Succeeded
    wait_out 3
    no_rules
    within 10 not has_finalizers once
}
a_409_on_create() { refused_now_and_then '[{"do":"answer","status":409,"verb":"POST","path":"/pods","times":2,"body":{"kind":"Status","code":409,"reason":"AlreadyExists"}}]'; }
a_410_on_list() { refused_now_and_then '[{"do":"answer","status":410,"verb":"GET","path":"limit=","times":3,"body":{"kind":"Status","code":410,"reason":"Expired"}}]'; }
a_500_on_list() { refused_now_and_then '[{"do":"answer","status":500,"verb":"GET","path":"limit=","times":3}]'; }
a_500_on_watch() { refused_now_and_then '[{"do":"answer","status":500,"watch":true,"times":3}]'; }
a_lost_list() { refused_now_and_then '[{"do":"drop","when":"after","verb":"GET","path":"limit=","times":3}]'; }
a_page_of_html() { refused_now_and_then '[{"do":"answer","status":200,"verb":"GET","path":"limit=","times":3,"body":"<html>Welcome</html>"},{"do":"answer","status":200,"verb":"POST","path":"/pods","times":1,"body":"<html>"}]'; }
a_lost_answer() { refused_now_and_then '[{"do":"drop","when":"after","verb":"write","chance":0.4}]'; }
a_lost_request() { refused_now_and_then '[{"do":"drop","when":"before","verb":"write","chance":0.4}]'; }

# Time runs out on a write whose answer never comes: it may have been carried out or not.
an_answer_that_never_comes() { # before|after
    start_proxy
    rules "[{\"do\":\"stall\",\"when\":\"$1\",\"verb\":\"POST\",\"path\":\"/pods\",\"times\":1},
            {\"do\":\"stall\",\"when\":\"$1\",\"verb\":\"PATCH\",\"path\":\"/status\",\"times\":1},
            {\"do\":\"stall\",\"when\":\"$1\",\"verb\":\"PATCH\",\"path\":\"/pods/\",\"times\":1}]"
    start_operator
    lives slow 60
    fired 1 0
    fired 1 1
    fired 1 2
    each_pod_once
}
never_comes_undone() { an_answer_that_never_comes before; }
never_comes_done() { an_answer_that_never_comes after; }

# A write that reaches the server only after the operator has given up on it, and has looked.
a_write_that_comes_late() {
    start_proxy
    rules '[{"do":"delay","seconds":6,"verb":"POST","path":"/pods","times":2}]'
    start_operator
    lives late 60
    each_pod_once
}

# All of it together, by a seed: lost requests and answers, refusals, delays.
a_bad_week() {
    local jobs=40
    start_proxy
    tell POST seed "{\"seed\":${SEED:-20261123}}" >/dev/null
    rules '[{"do":"drop","when":"before","verb":"write","chance":0.05},{"do":"drop","when":"after","verb":"write","chance":0.05},
            {"do":"answer","status":500,"chance":0.03},{"do":"answer","status":429,"headers":{"Retry-After":"1"},"chance":0.02},
            {"do":"answer","status":409,"verb":"PATCH","chance":0.03,"body":{"kind":"Status","code":409,"reason":"Conflict"}},
            {"do":"delay","seconds":0.5,"chance":0.05},{"do":"cut","watch":true,"messages":20,"chance":0.5}]'
    launch_operator
    jobs_at_once bad $jobs 3 1
    within 240 all_succeeded $jobs
    tell GET rules | tr '}' '\n' | grep -o '"do".*'
    no_rules
    within 60 no_finalizers_left
    expect "$(each_pod_once)" $((3 * jobs))
}

it "429 with Retry-After on everything is honoured, and the lease is kept" too_many_requests
it "the wait that a 429 asks for is kept" retry_after_is_kept
it "500 on creates is survived" a_500_on_create
it "503 on status writes is survived" a_503_on_status
it "409 on status writes is survived" a_409_on_status
it "409 on releases of pods is survived" a_409_on_release
it "a wrong 409 on a create is looked into" a_409_on_create
it "410 on lists is survived" a_410_on_list
it "500 on lists is survived" a_500_on_list
it "500 on watches is survived" a_500_on_watch
it "lists whose answer is lost are asked for again" a_lost_list
it "a page of HTML instead of an answer is survived" a_page_of_html
it "writes whose answer is lost are settled, and no pod is created twice" a_lost_answer
it "writes that are lost are made again, and no pod is created twice" a_lost_request
it "writes that hang before the server has them are made again" never_comes_undone
it "writes that hang after the server has them are settled" never_comes_done
it "a write that arrives after the operator gave up on it makes no second pod" a_write_that_comes_late
it "all of it at random: 40 jobs succeed, and no pod is created twice" a_bad_week

# shellcheck shell=bash
# Published versions: made, fetched, verified, removed; killed half-way. Sourced by run.
# shellcheck disable=SC2154 # lib.sh sets server, endpoint, agent, work

# model FOLDER: files such as a training leaves, one of them large enough for an upload in parts.
model() {
    mkdir -p "$1/weights/layer-0"
    echo '{"layers": 1}' >"$1/config.json"
    head -c 30000000 /dev/urandom >"$1/weights/layer-0/w.bin"
    : >"$1/empty"
    echo "a name with spaces" >"$1/weights/a b+c.txt"
}
bytes_of() { find "$1" -type f ! -name .manifest -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }'; }
publish() { a publish --store s3://market/models "$@"; }
no_version() { keys models/ | grep '/\.manifest$' && fail "a version is visible"; return 0; }

# damage KEY: another object of the same size.
damage() {
    get "$1" >damaged
    printf x | dd of=damaged bs=1 seek=1000 conv=notrunc status=none
    put "$1" <damaged
}

published_and_fetched() {
    local digest
    drop models/
    model made
    fine publish --from made
    digest=$(result digest)
    manifest_of made >wanted
    expect "$digest" "$(sha256sum <wanted | cut -d' ' -f1)"
    expect "$(result objects)/$(result bytes)/$(result uri)" "4/$(bytes_of made)/s3://market/models/versions/$digest/"
    expect "$(result fetched)/$(result fetchedBytes)" "4/$(bytes_of made)"
    mirror "models/versions/$digest/" is
    diff wanted is/.manifest || fail "another manifest in the store"
    diff -r -x .manifest made is || fail "other files in the store"
    fine a verify --store s3://market/models --digest "$digest"
    expect "$(result objects)/$(result bytes)" "4/$(bytes_of made)"
    fine a fetch --store s3://market/models --digest "$digest" --to to
    diff -r -x .manifest made to || fail "other files"
    touch to/.kitae-something
    fine publish --from to # what was fetched; it is there
    expect "$(result digest)/$(result objects)/$(result fetched)" "$digest/4/0"
}

damaged_and_removed() {
    local digest objects
    drop models/
    model made
    fine publish --from made
    digest=$(result digest) objects=models/versions/$(result digest)
    damage "$objects/weights/layer-0/w.bin"
    fails_with 1 ChecksumMismatch weights/layer-0/w.bin a verify --store s3://market/models --digest "$digest"
    fails_with 1 ChecksumMismatch weights/layer-0/w.bin a fetch --store s3://market/models --digest "$digest" --to again
    [ ! -e again/.manifest ] || fail "there is a manifest of what was not all fetched"
    drop "$objects/weights/layer-0/w.bin"
    fails_with 1 ChecksumMismatch 'is gone' a verify --store s3://market/models --digest "$digest"
    echo more | put "$objects/.manifest"
    fails_with 1 ChecksumMismatch 'not the manifest of its name' a verify --store s3://market/models --digest "$digest"
    fails_with 1 ChecksumMismatch 'not the manifest of its name' publish --from made
    fine a remove --store s3://market/models --digest "$digest"
    expect "$(keys models/)" ""
    fails_with 1 NoSuchVersion 'never published, or was removed' a fetch --store s3://market/models --digest "$digest" --to again
    fails_with 1 NoSuchVersion 'never published, or was removed' a verify --store s3://market/models --digest "$digest"
    fine a remove --store s3://market/models --digest "$digest" # which is not there
}

# Two of them share nothing: one goes, the other stays whole.
versions_are_apart() {
    local first
    drop models/
    mkdir made && echo 1 >made/a && echo 2 >made/b
    fine publish --from made
    first=$(result digest)
    echo 3 >made/b
    fine publish --from made
    fine a verify --store s3://market/models --digest "$first"
    fine a remove --store s3://market/models --digest "$first"
    fine a verify --store s3://market/models --digest "$(digest_of made)"
    expect "$(count models/)" 3
}

# What is there has no digest to name: it is taken as it is now, and published.
imported() {
    fill elsewhere
    drop models/
    fine a fetch --source s3://market/elsewhere --to to
    mirror elsewhere/ is
    expect "$(result digest)" "$(digest_of is)"
    digest=$(result digest)
    fine publish --from to
    expect "$(result digest)" "$digest"
}

what_cannot_be_published() {
    local long
    mkdir empty links names
    mkdir -p empty/folder
    drop models/
    fails_with 1 EmptySelection 'nothing was written there' publish --from empty
    fails_with 2 InvalidOptions 'cannot be opened' publish --from not-there
    ln -s /etc/passwd links/passwd
    fails_with 1 InvalidKey 'is a symbolic link' publish --from links
    rm links/passwd && ln -s /etc links/etc
    fails_with 1 InvalidKey 'is a symbolic link' publish --from links
    rm links/etc && mkfifo links/pipe
    fails_with 1 InvalidKey 'neither a file nor a folder' publish --from links
    echo x >"names/$(printf 'line\nbreak')"
    fails_with 1 InvalidKey 'control character' publish --from names
    long=long/$(printf 'x%.0s' $(seq 200))
    long=$long/${long#long/}/${long#long/}/${long#long/}/${long#long/}
    mkdir -p "$long" && echo x >"$long/x"
    fails_with 1 InvalidKey 'rename it' publish --from long
    mkdir good && echo x >good/file
    fails_with 1 NoSuchBucket 'check the name of the bucket' a publish --from good --store s3://nobody/x
    [ "$server" = moto ] || AWS_SECRET_ACCESS_KEY=wrong fails_with 1 BadCredentials 'check the access key' publish --from good
    fails_with 2 InvalidOptions 'required' publish
    expect "$(keys models/)" ""
}

# Whether an object of that name is there, or on its way in parts.
is_on_its_way() { [ -n "$(keys "$1")" ] || s3curl "$endpoint/market?uploads=" | grep -q "<Key>$1"; }

# What still writes when it is published makes no version of two states.
written_meanwhile() {
    local pid
    drop models/
    mkdir made
    echo small >made/a
    head -c 24000000 /dev/urandom >made/large
    "$agent" publish --endpoint "$endpoint" --from made --store s3://market/models --max-bytes-per-second 6M --result result >out 2>err &
    pid=$!
    until_true 30 "the large one is sent" is_on_its_way "models/versions/$(digest_of made)/large"
    echo more >>made/large
    wait $pid
    expect "$? $(result reason)" "1 Drifted"
    no_version
    drop models/
}

# Whether all that is missing is sent by the next one, and no more.
sent_again() {
    local digest i
    drop models/
    mkdir made
    for i in $(seq 20); do echo "content $i" >"made/$i"; done
    fine publish --from made
    digest=$(result digest)
    for i in .manifest 3 7; do s3curl -X DELETE "$(path "models/versions/$digest/$i")"; done
    echo another 5 | put "models/versions/$digest/5"
    echo "content 6" | tr c C | put "models/versions/$digest/6" # of the same size
    fine publish --from made
    expect "$(result digest)/$(result objects)" "$digest/20"
    if [ "$server" = versitygw ]; then # which keeps checksums
        expect "$(result fetched)" 4
    fi
    fine a verify --store s3://market/models --digest "$digest"
}

# Killed when so many objects are there, then again until it is through: never half a version that counts.
publish_killed() {
    local i moment pid digest kills=0
    mkdir made
    for i in $(seq 10 49); do head -c 20000 /dev/urandom >"made/$i"; done
    head -c 17000000 /dev/urandom >made/large
    digest=$(digest_of made)
    drop models/
    for moment in $(seq 3 3 45); do
        [ $((moment % 12)) != 0 ] || drop models/ # else it finds what the last one left
        "$agent" publish --endpoint "$endpoint" --from made --store s3://market/models --connections 2 \
            --max-bytes-per-second 8M --result result >out 2>err &
        pid=$!
        while kill -0 $pid 2>/dev/null && [ "$(count models/)" -lt "$((moment < 40 ? moment : 40))" ]; do :; done
        kill -9 $pid 2>/dev/null && kills=$((kills + 1))
        wait $pid 2>/dev/null
        [ -z "$(keys "models/versions/$digest/.manifest")" ] || expect "$(count models/)" 42
    done
    [ "$kills" -ge 8 ] || fail "only $kills kills met a publish"
    fine publish --from made
    expect "$(result digest)" "$digest"
    fine a fetch --store s3://market/models --digest "$digest" --to to
    diff -r -x .manifest made to || fail "other files"
    drop models/
}

# A folder becomes a version of a volume beside those that were synced, which share what is the same.
onto_a_volume() {
    local synced
    [ "$server" = versitygw ] || skip "once is enough: no server has a part in it"
    drop beside
    echo one | put beside/a
    mkdir vol
    fine a sync --source s3://market/beside --volume vol
    synced=$(result digest)
    mkdir -p made/sub
    echo one >made/a
    echo two >made/sub/b
    : >made/empty
    fine local_agent publish --from made --volume vol
    manifest_of made >wanted
    expect "$(result digest)" "$(sha256sum <wanted | cut -d' ' -f1)"
    expect "$(result objects)/$(result bytes)/$(result fetched)" "3/8/2"
    diff wanted "vol/versions/$(result digest)/.manifest" || fail "another manifest"
    diff -r -x .manifest made "vol/versions/$(result digest)" || fail "other files"
    expect "$(stat -c %i vol/versions/*/a | sort -u | wc -l)" 1
    fine local_agent verify --volume vol --digest "$(result digest)"
    fine local_agent publish --from made --volume vol # once more: nothing to do
    expect "$(result fetched)" 0
    fine a sync --source s3://market/beside --volume vol
    expect "$(result digest)/$(result fetched)" "$synced/0"
    # What cannot be: nothing there, a link, a volume that somebody writes to; and no half version.
    mkdir -p none linked
    ln -s /etc/passwd linked/x
    fails_with 1 EmptySelection "nothing" local_agent publish --from none --volume vol
    fails_with 1 InvalidKey "link" local_agent publish --from linked --volume vol
    fails_with 2 InvalidOptions "either --store or --volume" local_agent publish --from made --volume vol --store s3://market/x
    flock vol/.kitae/lock sleep 5 &
    until ! flock -n vol/.kitae/lock true; do :; done
    fails_with 75 ServerError "another sync writes to this volume" local_agent publish --from made --volume vol
    kill $! 2>/dev/null
    expect "$(find vol/versions -mindepth 1 -maxdepth 1 | wc -l)" 2
}
publish_cases() {
    it "a folder becomes a version of a volume, beside those that were synced" onto_a_volume
    it "a folder is published, verified, fetched, and published from what was fetched" published_and_fetched
    it "damage in a store is found, by verify, fetch and publish, and can be removed" damaged_and_removed
    it "versions in a store share nothing" versions_are_apart
    it "what lies elsewhere is imported" imported
    it "a folder that cannot be published is told, and leaves nothing" what_cannot_be_published
    it "a file that is written meanwhile makes no version" written_meanwhile
    it "a publish sends what is missing or other, and no more" sent_again
    it "killed at 15 moments, a publish leaves no half version, and the next ends it" publish_killed
}

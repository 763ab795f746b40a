// An S3 server of as many keys as wanted that keeps none of them: keys follow from numbers, contents from keys.
//
//	go run tests/bench/agent_keys.go -keys 1000000 -layout tree
//
// Prints its URL. Answers ListObjectsV2 and GET, in any bucket, and checks no signature. A tree is folders of 1,000 keys;
// flat is one level.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sort"
	"strings"
)

const page = 1000

var (
	keys   = flag.Int("keys", 1000000, "how many")
	layout = flag.String("layout", "tree", "tree or flat")
)

func key(i int) string {
	if *layout == "flat" {
		return fmt.Sprintf("images/2026/%09d.jpg", i)
	}
	return fmt.Sprintf("images/part=%05d/%09d.jpg", i/page, i)
}

// The number of the first key that is not before text.
func first(text string) int {
	return sort.Search(*keys, func(i int) bool { return key(i) >= text })
}

func list(out *strings.Builder, query url.Values) {
	prefix, delimiter := query.Get("prefix"), query.Get("delimiter")
	at, count := first(prefix), 0
	if after := query.Get("start-after"); after != "" {
		at = max(at, first(after+"\x00"))
	}
	if token := query.Get("continuation-token"); token != "" {
		at = max(at, first(token))
	}
	out.WriteString("<ListBucketResult><EncodingType>url</EncodingType>")
	for ; at < *keys && count < page && strings.HasPrefix(key(at), prefix); count++ {
		name := key(at)
		end := strings.Index(name[len(prefix):], "/")
		if delimiter == "/" && end >= 0 {
			folder := name[:len(prefix)+end+1]
			fmt.Fprintf(out, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>", url.QueryEscape(folder))
			at = first(folder + "\xff")
			continue
		}
		fmt.Fprintf(out, "<Contents><Key>%s</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;%032x&quot;</ETag>"+
			"<Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>", url.QueryEscape(name), at, len(name))
		at++
	}
	if at < *keys && strings.HasPrefix(key(at), prefix) {
		fmt.Fprintf(out, "<IsTruncated>true</IsTruncated><NextContinuationToken>%s</NextContinuationToken>", key(at))
	} else {
		out.WriteString("<IsTruncated>false</IsTruncated>")
	}
	out.WriteString("</ListBucketResult>")
}

func serve(response http.ResponseWriter, request *http.Request) {
	_, name, _ := strings.Cut(request.URL.Path[1:], "/")
	if name == "" {
		var out strings.Builder
		list(&out, request.URL.Query())
		response.Header().Set("Content-Type", "application/xml")
		fmt.Fprint(response, out.String())
		return
	}
	if at := first(name); at < *keys && key(at) == name {
		response.Header().Set("ETag", fmt.Sprintf("\"%032x\"", at))
		fmt.Fprint(response, name)
		return
	}
	response.WriteHeader(404)
	fmt.Fprint(response, "<Error><Code>NoSuchKey</Code></Error>")
}

func main() {
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	panic(http.Serve(listener, http.HandlerFunc(serve)))
}

// answer is a server of models for tests: it has none, and says which version it is. HTTP, and gRPC over cleartext
// HTTP/2 (the health service), on port 8080.
//
// Every answer has the headers X-Version and X-Pod; the body's first line is the version. /healthz and /metrics are what
// they are called; any other path is a prediction, which these variables make a better or a worse one:
//
//	VERSION       what it calls itself ("none")
//	MODEL         a file, whose first line is the second line of each prediction
//	FAIL_PERCENT  so many of a hundred predictions get 500
//	SICK          anything: /healthz gets 500, and gRPC health is NOT_SERVING
//	READY_AFTER   a duration ("5s") until it listens
//	DELAY         a duration that each prediction takes
//
// On SIGTERM it listens no longer, finishes what it was asked, and ends with 0.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

type server struct {
	version, pod string
	sick         bool
	failPercent  int64
	delay        time.Duration
	number       atomic.Int64

	mutex    sync.Mutex
	requests map[int]int64 // by status
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func duration(name string) time.Duration {
	value, err := time.ParseDuration(setting(name, "0s"))
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	return value
}

func firstLine(path string) string {
	file, err := os.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	line, _ := bufio.NewReader(file).ReadString('\n')
	return strings.TrimSpace(line)
}

func newServer() *server {
	pod, _ := os.Hostname()
	percent, err := strconv.ParseInt(setting("FAIL_PERCENT", "0"), 10, 64)
	if err != nil {
		log.Fatalf("FAIL_PERCENT: %v", err)
	}
	return &server{
		version:     setting("VERSION", "none"),
		pod:         pod,
		sick:        os.Getenv("SICK") != "",
		failPercent: percent,
		delay:       duration("DELAY"),
		requests:    map[int]int64{200: 0, 500: 0},
	}
}

func (s *server) say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("X-Version", s.version)
	w.Header().Set("X-Pod", s.pod)
	w.WriteHeader(status)
	fmt.Fprintf(w, "%s\n%s\n", s.version, text)
}

func (s *server) healthz(w http.ResponseWriter, _ *http.Request) {
	if s.sick {
		s.say(w, http.StatusInternalServerError, "sick")
	} else {
		s.say(w, http.StatusOK, "well")
	}
}

// Failures are spread evenly, so that the share is right after every hundred.
func (s *server) predict(w http.ResponseWriter, r *http.Request, model string) {
	status, n := http.StatusOK, s.number.Add(1)
	if n*s.failPercent/100 != (n-1)*s.failPercent/100 {
		status = http.StatusInternalServerError
	}
	time.Sleep(s.delay)
	s.mutex.Lock()
	s.requests[status]++
	s.mutex.Unlock()
	s.say(w, status, model)
}

func (s *server) metrics(w http.ResponseWriter, _ *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	fmt.Fprintln(w, "# TYPE http_requests_total counter")
	for status, count := range s.requests {
		fmt.Fprintf(w, "http_requests_total{code=\"%d\"} %d\n", status, count)
	}
}

func (s *server) newGRPC() *grpc.Server {
	calls := grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, request any, _ *grpc.UnaryServerInfo,
		next grpc.UnaryHandler) (any, error) {
		if err := grpc.SetHeader(ctx, metadata.Pairs("x-version", s.version, "x-pod", s.pod)); err != nil {
			return nil, err
		}
		return next(ctx, request)
	}))
	state := health.NewServer()
	if s.sick {
		state.SetServingStatus("", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	}
	grpc_health_v1.RegisterHealthServer(calls, state)
	return calls
}

func (s *server) handler() http.Handler {
	model, calls, paths := "no model", s.newGRPC(), http.NewServeMux()
	if path := os.Getenv("MODEL"); path != "" {
		model = firstLine(path)
	}
	paths.HandleFunc("/healthz", s.healthz)
	paths.HandleFunc("/metrics", s.metrics)
	paths.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.predict(w, r, model) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			calls.ServeHTTP(w, r)
		} else {
			paths.ServeHTTP(w, r)
		}
	})
}

func main() {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	web := &http.Server{Addr: ":8080", Handler: newServer().handler(), Protocols: &protocols}
	select {
	case <-time.After(duration("READY_AFTER")):
	case <-stop.Done():
		return
	}
	ended := make(chan error)
	go func() {
		<-stop.Done()
		ended <- web.Shutdown(context.Background())
	}()
	if err := web.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	if err := <-ended; err != nil {
		log.Fatal(err)
	}
}

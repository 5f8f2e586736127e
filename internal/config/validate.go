package config

import (
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// validator collects everything that is wrong with a decoded configuration,
// and completes it: defaults that depend on other settings, values of secrets.
type validator struct {
	config   *Config
	vars     map[string]string
	problems Problems
}

func (v *validator) add(path, message string) {
	v.problems = append(v.problems, v.config.source.problem(path, message))
}

// check adds a problem unless ok.
func (v *validator) check(ok bool, path, message string) {
	if !ok {
		v.add(path, message)
	}
}

func indexed(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func keyed(path, key string) string { return path + "[" + key + "]" }

func (v *validator) all() {
	c := v.config
	v.server(c.Server)
	v.check(slices.Contains([]string{"json", "text"}, c.Log.Format), "log.format", "must be json or text")
	if !c.CursorKey.IsZero() {
		v.secret("cursorKey", &c.CursorKey, minKeyBytes)
	}
	switch {
	case c.Journal.Path == "" && !c.Journal.Memory:
		v.add("journal", "path is required, or memory: true to forget restores with the process")
	case c.Journal.Path != "" && c.Journal.Memory:
		v.add("journal.memory", "must not be true together with path")
	}
	v.positive("lists.sourceDeadline", c.Lists.SourceDeadline)
	v.check(c.Lists.Fanout > 0, "lists.fanout", "must be positive")
	v.check(c.Telemetry.ServiceName != "", "telemetry.serviceName", "must not be empty")
	v.connections()
	v.auth()
}

func (v *validator) server(s Server) {
	v.address("server.addr", s.Addr)
	if s.AdminAddr != "" {
		v.address("server.adminAddr", s.AdminAddr)
		v.check(s.AdminAddr != s.Addr || strings.HasSuffix(s.Addr, ":0"), "server.adminAddr", "must not be the same as server.addr")
	}
	v.check(s.TLS.CertFile != "" || s.TLS.KeyFile == "", "server.tls", "keyFile needs certFile")
	v.check(s.TLS.KeyFile != "" || s.TLS.CertFile == "", "server.tls", "certFile needs keyFile")
	v.positive("server.shutdownTimeout", s.ShutdownTimeout)
	v.positive("server.readHeaderTimeout", s.ReadHeaderTimeout)
	v.check(s.MaxHeaderBytes >= 4<<10 && s.MaxHeaderBytes <= 1<<20, "server.maxHeaderBytes", "must be from 4096 to 1048576")
}

func (v *validator) address(path, address string) {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	v.check(err == nil, path, "must be host:port or :port")
}

func (v *validator) positive(path string, d time.Duration) {
	v.check(d > 0, path, "must be a positive duration")
}

// minKeyBytes is the least for a key of HMAC-SHA-256 (RFC 7518 section 3.2).
const minKeyBytes = 32

// secret takes the value of an environment variable and checks its length.
func (v *validator) secret(path string, s *Secret, atLeast int) {
	switch {
	case (s.File == "") == (s.Env == ""):
		v.add(path, secretForm)
		return
	case s.Env != "":
		value := v.vars[s.Env]
		if value == "" {
			v.add(path+".env", "the environment variable "+s.Env+" is not set")
			return
		}
		s.value = &value
	}
	key, err := s.Read()
	if err != nil {
		v.add(path, err.Error())
		return
	}
	v.check(len(key) >= atLeast, path, "must be at least "+strconv.Itoa(atLeast)+" bytes long")
}

var (
	// connectionName is part of ids, URLs and metric labels.
	connectionName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	// labelKey can stand in a query parameter label.<key> as it is.
	labelKey = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_./-]{0,62}$`)
)

func (v *validator) connections() {
	v.check(len(v.config.Connections) > 0, "connections", "at least one is required")
	first := map[string]int{}
	for i, c := range v.config.Connections {
		path := indexed("connections", i)
		switch other, seen := first[c.Name]; {
		case c.Name == "":
			v.add(path, "name is required")
		case !connectionName.MatchString(c.Name):
			v.add(path+".name", "must be lower-case letters, digits and -, at most 40, and not start with -")
		case seen:
			v.add(path+".name", "is already the name of "+indexed("connections", other))
		default:
			first[c.Name] = i
		}
		v.check(c.Driver != "", path, "driver is required")
		v.labels(path+".labels", c.Labels)
		v.limits(path+".limits", c.Limits)
		v.seal(path+".config", c.Config)
	}
}

func (v *validator) labels(path string, labels map[string]string) {
	for key, value := range labels {
		v.check(labelKey.MatchString(key), keyed(path, key), "the name of a label is letters, digits and _ . / -, at most 63")
		v.check(value != "" && len(value) <= 255, keyed(path, key), "must be 1 to 255 bytes long")
	}
}

func (v *validator) limits(path string, l Limits) {
	for _, count := range []struct {
		key string
		n   int
	}{{"calls", l.Calls}, {"streams", l.Streams}} {
		v.check(count.n >= 0 && count.n <= 10_000, path+"."+count.key, "must be from 1 to 10000, or 0 for the default")
	}
	for _, limit := range []struct {
		key string
		d   time.Duration
	}{{"read", l.Read}, {"write", l.Write}, {"idle", l.Idle}} {
		v.check(limit.d >= 0, path+"."+limit.key, "must be a positive duration, or 0s for the default")
	}
}

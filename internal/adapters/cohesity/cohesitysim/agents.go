package cohesitysim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"switchback/internal/adapters/simkit"
)

const (
	agentOffset      = int64(40_000_000_000) // agent ids differ from host ids
	oldAgentVersion  = "7.1.2"
	agentVersion     = "7.2.1"
	agentBytes       = int64(1 << 20)
	agentBytesSpread = 1 << 18
)

var (
	agentPlatforms = []string{"kLinux", "kWindows"}
	agentPackages  = []string{"kDEB", "kPowerPCRPM", "kRPM", "kScript", "kSuseRPM"}
)

// downloadAgent gives the installer as bytes (IBM NOTES section 13).
func (s *Sim) downloadAgent(c *call) (reply, error) {
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	platform, packageType := text(body, "platform"), text(member(body, "linuxParams"), "packageType")
	switch {
	case !slices.Contains(agentPlatforms, platform):
		return reply{}, invalid("platform in body should be one of %v", agentPlatforms)
	case platform == "kLinux" && !slices.Contains(agentPackages, packageType):
		return reply{}, invalid("linuxParams.packageType in body should be one of %v", agentPackages)
	case platform == "kWindows" && body["linuxParams"] != nil:
		return reply{}, invalid("linuxParams do not belong to platform kWindows")
	}
	content := s.agentContent(platform, packageType)
	return piece(content, 0, content.Size)
}

func (s *Sim) agentContent(platform, packageType string) simkit.Content {
	seed := mix(s.kit.Seed, 22, uint64(slices.Index(agentPlatforms, platform)), uint64(slices.Index(agentPackages, packageType)))
	return simkit.Content{Seed: seed, Size: agentBytes + int64(seed%agentBytesSpread)}
}

// AgentContent returns the bytes of an agent installer; packageType is empty
// for Windows.
func (s *Sim) AgentContent(platform, packageType string) simkit.Content {
	return s.agentContent(platform, packageType)
}

// upgradeTask upgrades agents; how far it has come is computed from the clock.
type upgradeTask struct {
	id       int64
	name     string
	about    string
	agents   []int64
	failing  []int64 // agents whose upgrade fails
	start    int64   // when it is due
	deadline int64   // 0 is none
	created  int64
	span     int64
	retryOf  int64
}

// endAndStatus is when the task is over, and as what. A window that closes
// before the task can start cancels it (inferred).
func (u *upgradeTask) endAndStatus() (int64, string) {
	switch {
	case u.deadline != 0 && u.deadline <= u.start:
		return max(u.deadline, u.created), "Canceled"
	case len(u.failing) == len(u.agents):
		return u.start + u.span, "Failed"
	case len(u.failing) > 0:
		return u.start + u.span, "PartiallyFailed"
	}
	return u.start + u.span, "Succeeded"
}

func (u *upgradeTask) status(now int64) string {
	end, final := u.endAndStatus()
	switch {
	case now >= end:
		return final
	case now < u.start:
		return "Scheduled"
	default:
		return "Running"
	}
}

func (s *Sim) upgradeTaskJSON(u *upgradeTask, now int64) obj {
	status, end := u.status(now), int64(0)
	if at, _ := u.endAndStatus(); now >= at {
		end = at
	}
	begun := int64(0)
	if now >= u.start && status != "Canceled" {
		begun = u.start
	}
	retryable := status == "Failed" || status == "PartiallyFailed"
	out := obj{
		"id": u.id, "name": u.name, "description": u.about, "agentIDs": u.agents, "clusterVersion": agentVersion, "status": status,
		"type": "Manual", "isRetryable": retryable, "startTimeUsecs": when(begun), "endTimeUsecs": when(end),
		"scheduleTimeUsecs": u.start, "scheduleEndTimeUsecs": when(u.deadline), "error": nil, "retriedTaskID": nil,
	}
	if u.retryOf != 0 {
		out["type"], out["retriedTaskID"] = "Retry", u.retryOf
	}
	if retryable {
		out["error"] = obj{"errorCode": "KInternalError", "message": strconv.Itoa(len(u.failing)) + " agents were not upgraded"}
	}
	agents := make([]any, len(u.agents))
	for i, id := range u.agents {
		agents[i] = obj{"id": id, "info": s.upgradeInfo(u, id, status, begun, end)}
	}
	out["agents"] = agents
	return out
}

func (s *Sim) upgradeInfo(u *upgradeTask, id int64, status string, begun, end int64) obj {
	e, _ := s.entity(id - agentOffset)
	info := obj{
		"name": e.name, "previousSoftwareVersion": oldAgentVersion, "startTimeUsecs": when(begun), "endTimeUsecs": when(end),
		"error": nil, "status": "Scheduled",
	}
	switch {
	case status == "Canceled":
		info["status"] = "Skipped"
	case end != 0 && slices.Contains(u.failing, id):
		info["status"], info["error"] = "Failed", obj{"errorCode": "KInternalError", "message": "Agent is not reachable."}
	case end != 0:
		info["status"] = "Succeeded"
	case begun != 0:
		info["status"] = "Started"
	}
	return info
}

func (s *Sim) getUpgradeTasks(c *call) (reply, error) {
	ids := c.ints("ids")
	out := []any{}
	for _, u := range s.upgrades {
		if among(ids, u.id) {
			out = append(out, s.upgradeTaskJSON(u, c.now))
		}
	}
	return ok(obj{"tasks": out})
}

// createUpgradeTask starts now, or when scheduleTimeUsecs says. A retry takes
// the failed agents of a finished task (inferred).
func (s *Sim) createUpgradeTask(c *call) (reply, error) {
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	u := &upgradeTask{name: text(body, "name"), about: text(body, "description"), created: c.now, start: c.now, span: s.taskTime()}
	if at, given := integer(body, "scheduleTimeUsecs"); given {
		u.start = max(c.now, at)
	}
	u.deadline, _ = integer(body, "scheduleEndTimeUsecs")
	u.agents = integers(body, "agentIDs")
	if retried, given := integer(body, "retryTaskId"); given {
		i := slices.IndexFunc(s.upgrades, func(other *upgradeTask) bool { return other.id == retried })
		if i < 0 {
			return reply{}, notFound()
		}
		if !strings.HasSuffix(s.upgrades[i].status(c.now), "Failed") {
			return reply{}, invalid("task %d is not retryable", retried)
		}
		u.retryOf, u.agents = retried, s.upgrades[i].failing
	}
	if len(u.agents) == 0 {
		return reply{}, invalid("agentIDs or retryTaskId in body is required")
	}
	for _, id := range u.agents {
		if e, found := s.entity(id - agentOffset); !found || e.objectType != "kHost" {
			return reply{}, invalid("agent %d does not exist", id)
		}
	}
	s.lastID++
	u.id = s.lastID
	draws := s.kit.Rand("upgrade/" + strconv.FormatInt(u.id, 10))
	for _, id := range u.agents {
		if draws.Float64() < s.kit.Scenario.FailTasks {
			u.failing = append(u.failing, id)
		}
	}
	s.upgrades = append(s.upgrades, u)
	return reply{status: http.StatusCreated, json: s.upgradeTaskJSON(u, c.now)}, nil
}

// upgraded says whether the agent of a host has taken a new version by now.
func (s *Sim) upgraded(host, now int64) bool {
	return slices.ContainsFunc(s.upgrades, func(u *upgradeTask) bool {
		end, final := u.endAndStatus()
		return now >= end && final != "Canceled" && slices.Contains(u.agents, host+agentOffset) && !slices.Contains(u.failing, host+agentOffset)
	})
}

// agentJSON is the agent of a host in the source tree.
func (s *Sim) agentJSON(e entity, now int64) obj {
	out := obj{
		"id": e.id + agentOffset, "name": e.name, "hostType": e.os, "status": "kHealthy", "statusMessage": nil,
		"version": oldAgentVersion, "upgradability": "kUpgradable", "upgradeStatus": "kIdle",
	}
	if s.upgraded(e.id, now) {
		out["version"], out["upgradability"], out["upgradeStatus"] = agentVersion, "kCurrent", "kFinished"
	}
	return out
}

package storwaresim

import (
	"net/http"
	"time"
)

// idleTimeout is a server setting in minutes (NOTES section 2); the value is
// made up.
const idleTimeout = 30 * time.Minute

// The name of the session cookie is not documented; clients are told to keep
// every cookie (NOTES section 2).
const (
	sessionCookie = "JSESSIONID"
	routeCookie   = "ROUTEID"
)

type session struct {
	id, route string
	login     string
	opened    time.Time
	used      time.Time
	calls     int
}

func sessionRoutes() []route {
	return []route{
		{pattern: "POST /session/login", handle: (*call).login, open: true},
		{pattern: "POST /session/login-with-token", handle: (*call).loginWithToken, open: true},
		{pattern: "POST /session/logout", handle: (*call).logout},
		{pattern: "GET /session", handle: (*call).checkSession},
		{pattern: "GET /session/user", handle: (*call).sessionUser},
	}
}

// session returns the live session of the request, or nil.
func (c *call) session() *session {
	cookie, err := c.r.Cookie(sessionCookie)
	if err != nil {
		return nil
	}
	live := c.sim.sessions[cookie.Value]
	if live == nil {
		return nil
	}
	if c.sim.options.Reading.RouteCookie {
		if second, err := c.r.Cookie(routeCookie); err != nil || second.Value != live.route {
			return nil
		}
	}
	if c.now.Sub(live.used) > idleTimeout {
		delete(c.sim.sessions, live.id)
		return nil
	}
	return live
}

// authenticated counts the call towards the life of the session.
func (c *call) authenticated() bool {
	live := c.session()
	if live == nil {
		return false
	}
	live.calls++
	live.used = c.now
	if limit := c.sim.options.Scenario.TokenCalls; limit > 0 && live.calls > limit {
		delete(c.sim.sessions, live.id)
		return false
	}
	return true
}

func (c *call) login() answer {
	var request struct{ Login, Password string }
	if a, good := c.body(&request); !good {
		return a
	}
	if request.Login != c.sim.options.Login || request.Password != c.sim.options.Password {
		return fail(http.StatusUnauthorized, "login failed")
	}
	return c.open(request.Login)
}

// open starts a session and hands out its cookies.
func (c *call) open(login string) answer {
	live := &session{
		id: newGUID(c.sim.guids), route: newGUID(c.sim.guids), login: login, opened: c.now, used: c.now,
	}
	c.sim.sessions[live.id] = live
	c.sim.logins++
	a := c.created(c.sessionInfo(live))
	a.cookies = []*http.Cookie{{Name: sessionCookie, Value: live.id, Path: "/", HttpOnly: true}}
	if c.sim.options.Reading.RouteCookie {
		a.cookies = append(a.cookies, &http.Cookie{Name: routeCookie, Value: live.route, Path: "/", HttpOnly: true})
	}
	return a
}

// loginWithToken: the members of its body are not documented, "token" is (inferred).
func (c *call) loginWithToken() answer {
	var request struct{ Token string }
	if a, good := c.body(&request); !good {
		return a
	}
	if request.Token != c.sim.options.Token {
		return fail(http.StatusUnauthorized, "login failed")
	}
	return c.open(c.sim.options.Login)
}

func (c *call) logout() answer {
	delete(c.sim.sessions, c.session().id)
	a := c.created(nil)
	a.cookies = []*http.Cookie{{Name: sessionCookie, Path: "/", MaxAge: -1}}
	return a
}

// checkSession: the page's prose says 204, its example 200 (NOTES section 2).
func (c *call) checkSession() answer {
	if c.sim.options.Reading.SessionOK {
		return ok("OK")
	}
	return answer{status: http.StatusNoContent, total: -1}
}

func (c *call) sessionUser() answer { return ok(c.sessionInfo(c.session())) }

func (c *call) sessionInfo(live *session) object {
	return object{
		"lastSuccessfulLogin": live.opened.UnixMilli(),
		"lastFailedLogin":     nil,
		"uiTimeZone":          "UTC",
		"privileges":          []enum{"MGMT_RBAC_ACCESS_READ", "NODE_READ"},
		"appUserSettings":     object{"unmountPeriodForMountedBackups": downloadLife.Milliseconds()},
	}
}

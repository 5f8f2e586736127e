package cohesitysim

// TearDown starts to undo a mounted recovery, as an operator does in the
// console: the vendor's SDK shows the status of it and has no call for it (IBM
// NOTES section 12). It says whether there was something to tear down.
func (s *Sim) TearDown(recoveryID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, found := s.recoveryByID[recoveryID]
	now := s.now()
	if !found || !r.canTearDown(now) {
		return false
	}
	r.tornAt = now
	r.tornFails = s.kit.Rand("teardown/"+r.id).Float64() < s.kit.Scenario.FailTasks
	return true
}

// canTearDown holds for a mount that is done, and again after a tear-down that
// failed.
func (r *recovery) canTearDown(now int64) bool {
	end, final := r.end()
	if r.action != "InstantVolumeMount" || now < end || final != "Succeeded" {
		return false
	}
	return r.tornAt == 0 || r.tearDownStatus(now) == "DestroyError"
}

// tearDownStatus goes DestroyScheduled, Destroying and then Destroyed or
// DestroyError by the clock.
func (r *recovery) tearDownStatus(now int64) string {
	switch since := now - r.tornAt; {
	case r.tornAt == 0:
		return ""
	case since < r.span/4:
		return "DestroyScheduled"
	case since < r.span:
		return "Destroying"
	case r.tornFails:
		return "DestroyError"
	default:
		return "Destroyed"
	}
}

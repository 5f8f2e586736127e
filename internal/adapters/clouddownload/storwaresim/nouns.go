package storwaresim

// The accessors here take a nil receiver: a task or record need not have an
// entity, and an entity need not have a provider.

func (p *place) guidOf() string {
	if p == nil {
		return ""
	}
	return p.guid
}

func (p *place) nameOf() string {
	if p == nil {
		return ""
	}
	return p.name
}

func (p *place) withinOf() *place {
	if p == nil {
		return nil
	}
	return p.within
}

func (b *backup) guidOf() string {
	if b == nil {
		return ""
	}
	return b.guid
}

func (t *task) guidOf() string {
	if t == nil {
		return ""
	}
	return t.guid
}

func (j *restoreJob) guidOf() string {
	if j == nil {
		return ""
	}
	return j.guid
}

func (e *entity) guidOf() string {
	if e == nil {
		return ""
	}
	return e.guid
}

func (e *entity) nameOf() string {
	if e == nil {
		return ""
	}
	return e.name
}

func (e *entity) kindOf() string {
	if e == nil {
		return ""
	}
	return e.kind
}

func (e *entity) nodeOf() *place {
	if e == nil {
		return nil
	}
	return e.node
}

func (e *entity) projectOf() *place {
	if e == nil {
		return nil
	}
	return e.project
}

func (e *entity) providerOf() *place {
	if e == nil {
		return nil
	}
	return e.provider
}

func (e *entity) hypervisorOf() *place {
	if e == nil {
		return nil
	}
	return e.hypervisor
}

func (e *entity) managerOf() *place {
	if e == nil {
		return nil
	}
	return e.manager
}

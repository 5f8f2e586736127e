package cohesity_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"switchback/internal/adapters/cohesity/cohesitysim"
	"switchback/internal/model"
)

func TestVolumeRestore(t *testing.T) {
	b := newBench(t, cohesitysim.Options{})
	source, guids := restorableHost(b.sim)
	r := b.begin(t, model.RestoreRequest{Kind: model.RestoreVolume, Target: json.RawMessage(fmt.Sprintf(
		`{"host":"%d","volumes":[{"source":%q,"destination":%q}]}`, b.sim.Hosts()[0], guids[0], b.sim.VolumeGUIDs(b.sim.Hosts()[0])[0]))}, fmt.Sprint(source))
	if got := b.finish(t, r.ID); got.State != model.StateSucceeded || got.Kind != model.RestoreVolume {
		t.Errorf("got %s, %s", got.Kind, got.State)
	}
}

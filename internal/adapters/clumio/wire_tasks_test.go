package clumio

import (
	"testing"

	"switchback/internal/model"
)

func TestTasksOfEndpointsAreToldByTheirWords(t *testing.T) {
	for _, w := range []wireTask{
		{Type: "protection_group_s3_instant_access_restore"},
		{PrimaryEntity: wireEntity{Type: "s3_instant_access_endpoint"}},
	} {
		if !w.ofEndpoint() || w.restoreKind() != model.RestoreInstantAccess {
			t.Errorf("%+v is a %s", w, w.restoreKind())
		}
	}
	if (wireTask{Type: "protection_group_s3_asset_restore"}).ofEndpoint() {
		t.Error("every restore of objects is taken for an endpoint's")
	}
}

func TestKindsOfRestoresAreGuessedFromWords(t *testing.T) {
	for word, want := range map[string]model.RestoreKind{
		"aws_ebs_volume_restore":            model.RestoreVolume,
		"aws_ebs_volume_file_restore":       model.RestoreFiles,
		"aws_ec2_instance_restore":          model.RestoreInstance,
		"ec2_mssql_database_restore":        model.RestoreDatabase,
		"aws_rds_resource_restore":          model.RestoreDatabase,
		"aws_dynamodb_table_restore":        model.RestoreTable,
		"aws_dynamodb_table_record_restore": model.RestoreRecords,
		"protection_group_restore":          model.RestoreObjects,
		"quantum_restore":                   model.RestoreUnknown,
	} {
		if got := (wireTask{Type: word}).restoreKind(); got != want {
			t.Errorf("%s is %s, want %s", word, got, want)
		}
	}
}

func TestStatesHaveTheVendorsWords(t *testing.T) {
	all := []model.State{
		model.StateQueued, model.StateRunning, model.StateSucceeded, model.StateFailed, model.StateCanceling, model.StateCanceled,
	}
	words, known := statusesOf(all)
	if !known || len(words) != len(all) {
		t.Fatalf("got %v, %v", words, known)
	}
	for i, word := range words {
		if got := (wireTask{Status: word}).state(); got != all[i] {
			t.Errorf("%s is %s, want %s", word, got, all[i])
		}
	}
	if got := (wireTask{Status: "resting"}).state(); got != model.StateUnknown || got.Terminal() {
		t.Errorf("a new word is %s", got)
	}
}

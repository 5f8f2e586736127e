package clumiosim

const (
	pathUnits   = "/organizational-units"
	pathWallets = "/wallets"
)

func organizationalUnits() catalog {
	return catalog{
		path: pathUnits, resource: "organizational-units", param: "id", versions: []int{1, 2}, applied: true,
		oneEmbeds: []string{"read-task"},
		filters: filterRules{
			"parent_id": {"eq", textValue}, "name": {"contains", textValue}, "id": {"in", textValue},
		},
		entries: func(s *Sim, c *call) ([]entry, error) {
			out := make([]entry, 0, len(units()))
			for _, id := range units() {
				out = append(out, s.unitEntry(id, c.version))
			}
			return out, nil
		},
	}
}

func (s *Sim) showUnit(id string, version int) object {
	return s.showEntry(&call{}, s.unitEntry(id, version))
}

// unitEntry: the global unit holds the two others. Version 1 lists users by id,
// version 2 with their role.
func (s *Sim) unitEntry(id string, version int) entry {
	names := map[string]string{globalUnit: "Global", unitRetail: "Retail", unitPlatform: "Platform"}
	record := object{
		"_etag": `W/"` + id[:8] + `"`, "children_count": 0, "configured_datasource_types": []string{"aws"},
		"descendant_ids": []string{}, "description": names[id] + " of Acme", "id": id, "name": names[id],
		"parent_id": globalUnit, "task_id": nil, "user_count": 1,
	}
	if id == globalUnit {
		record["children_count"], record["descendant_ids"] = len(units())-1, units()[1:]
		record["parent_id"] = nil
	}
	user := uuid(seeded(s.kit.Seed, textSeed("user "+id)))
	record["users"] = []string{user}
	if version > 1 {
		record["users"] = []object{{"user_id": user, "assigned_role": "20000000-0000-0000-0000-000000000000"}}
	}
	return entry{unit: id, self: pathUnits + "/" + id, record: record}
}

// wallets shows one wallet per account; the second one waits for its stack.
func wallets() catalog {
	return catalog{
		path: pathWallets, resource: "wallets", param: "wallet_id", tokens: true,
		entries: func(s *Sim, _ *call) ([]entry, error) {
			var out []entry
			for i, of := range s.accounts() {
				first := of[0]
				id := uuid(seeded(s.kit.Seed, textSeed("wallet "+first.account)))
				state, role := "Enabled", any("arn:aws:iam::"+first.account+":role/test-wallet")
				if i == 1 {
					state, role = "Waiting", nil
				}
				out = append(out, entry{
					unit: first.unit, self: pathWallets + "/" + id,
					record: object{
						"_embedded": nil, "account_native_id": first.account, "available_version": 3, "aws_region": first.region,
						"clumio_aws_account_id": "999900001111", "deployment_url": nil, "error_code": nil,
						"error_message": nil, "id": id, "installed_regions": []string{first.region}, "key_errors": nil,
						"role_arn": role, "stack_version": 3, "state": state,
						"supported_regions": []string{"us-east-1", "us-west-2", "eu-central-1"}, "template_url": nil,
						"token": "test-wallet-token",
					},
				})
			}
			return out, nil
		},
	}
}

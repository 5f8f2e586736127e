package clumiosim

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Paths of the asset lists.
const (
	pathInstances = "/datasources/aws/ec2-instances"
	pathVolumes   = "/datasources/aws/ebs-volumes"
	pathResources = "/datasources/aws/rds-resources"
	pathTables    = "/datasources/aws/dynamodb-tables"
	pathBuckets   = "/datasources/aws/s3-buckets"
	pathGroups    = "/datasources/protection-groups"
	pathS3Assets  = "/datasources/protection-groups/s3-assets"
	pathDatabases = "/datasources/aws/ec2-mssql/databases"
	pathIceberg   = "/datasources/aws/iceberg-tables"
	pathGCPGroups = "/datasources/gcp/protection-groups"
	pathGCSAssets = "/datasources/gcp/gcs-assets"
)

// environment is one AWS account in one region.
type environment struct {
	id, connection  string
	account, region string
	accountName     string
	unit            string
	connected       bool
}

type tag struct{ id, keyID, key, value string }

// asset is anything that can be backed up.
type asset struct {
	path, backupList     string
	id, nativeID, name   string
	environment          *environment
	unit                 string
	kind                 string // RDS: aws_rds_cluster or aws_rds_instance
	policy               *policy
	unsupported, deleted bool
	deactivated          bool
	backupStatus         string
	tags                 []tag
	seed                 uint64
	group, bucket        *asset         // of an S3 or GCS asset
	target               map[string]any // what a restore asked for
	gcs                  *gcsBucket     // of a GCS asset
	definition           *definition    // of a group that was changed since the start
	byUser, byRule       bool           // how a bucket came into its group since the start
	made                 time.Time
}

// portion says how many of a hundred assets live in a list, and where their
// backups show.
type portion struct {
	path, backupList string
	share            int
	names            []string
}

func portions() []portion {
	return []portion{
		{pathInstances, ListEC2, 20, []string{"web", "api", "checkout-worker", "bastion", "etl-runner", "search", "jenkins", "pricing-engine"}},
		{pathVolumes, ListEBS, 16, []string{"billing-data", "postgres-wal", "kafka-logs", "build-cache", "mail-spool", "ledger-data"}},
		{pathResources, ListRDS, 10, []string{"payments-postgres", "crm-mysql", "hr-postgres", "catalog-aurora"}},
		{pathTables, ListDynamoDB, 16, []string{"orders", "sessions", "carts", "inventory", "device-shadows", "loyalty-points"}},
		{pathBuckets, "", 10, []string{"acme-invoices", "acme-media", "acme-clickstream", "acme-exports", "acme-legal-hold"}},
		{pathGroups, ListGroups, 4, []string{"finance-s3", "media-s3", "analytics-s3"}},
		{pathS3Assets, ListS3Assets, 10, nil},
		{pathDatabases, ListMSSQL, 5, []string{"ERP", "TimeTracking", "Warehouse", "Reporting"}},
		{pathIceberg, ListIceberg, 4, []string{"events_daily", "customer_360", "fact_sales"}},
		{pathGCPGroups, ListGCPGroups, 2, []string{"gcp-analytics", "gcp-archive"}},
		{pathGCSAssets, ListGCSAssets, 3, []string{"acme-gcs-raw", "acme-gcs-models"}},
	}
}

// build makes the estate. Every kind of thing draws from a generator of its
// own, so that adding one kind leaves the others as they are.
func (s *Sim) build() {
	for _, spec := range s.specs {
		s.backups[spec.path] = newShelf(spec)
	}
	s.buildEnvironments()
	s.buildPolicies()
	for _, p := range portions() {
		count := max(s.options.Assets*p.share/100, 2)
		draws := s.kit.Rand("assets " + p.path)
		for i := range count {
			s.addAsset(s.newAsset(p, i, draws))
		}
	}
	s.buildBackups()
	s.buildTasks()
	s.buildAlerts()
	s.buildAudit()
	s.buildRules()
	s.buildCompliance()
}

func (s *Sim) buildEnvironments() {
	draws := s.kit.Rand("environments")
	regions := []string{s.options.Region, "us-east-1", "eu-central-1"}
	names := []string{"acme-prod", "acme-retail", "acme-platform"}
	for i := range min(max(3, s.options.Assets/20), 60) {
		account := i / len(regions)
		s.environments = append(s.environments, &environment{
			id: uuid(draws), connection: uuid(draws),
			account:     fmt.Sprintf("%012d", 111_122_223_333+uint64(account)*1_010_101),
			accountName: fmt.Sprintf("%s-%d", names[account%len(names)], account+1),
			region:      regions[i%len(regions)],
			unit:        units()[i%len(units())],
			connected:   i == 0 || i%5 != 4,
		})
	}
}

func (s *Sim) newAsset(p portion, i int, draws *rand.Rand) *asset {
	a := &asset{
		path: p.path, backupList: p.backupList, id: uuid(draws), seed: draws.Uint64(),
		environment: s.environments[draws.IntN(len(s.environments))],
		policy:      s.policies[draws.IntN(len(s.policies))],
		backupStatus: pick(draws, "success", "success", "success", "success", "partial_success", "failure",
			"no_backup"),
		made: s.born.Add(-time.Duration(draws.IntN(900*24)) * time.Hour),
	}
	a.unit = a.environment.unit
	switch fate := draws.IntN(100); {
	case fate < 8:
		a.deleted = true
	case fate < 16:
		a.policy = nil
	case fate < 20:
		a.unsupported, a.policy = true, nil
	case fate < 26:
		a.deactivated = true
	}
	if i == 0 { // each list has one asset that is plainly fine
		a.deleted, a.unsupported, a.deactivated, a.policy = false, false, false, s.policies[0]
		a.environment, a.unit = s.environments[0], s.environments[0].unit
	}
	if len(p.names) > 0 {
		a.name = p.names[i%len(p.names)]
		if round := i / len(p.names); round > 0 {
			a.name = fmt.Sprintf("%s-%02d", a.name, round+1)
		}
	}
	a.tags = []tag{
		newTag(draws, "env", pick(draws, "prod", "staging", "dev")),
		newTag(draws, "team", pick(draws, "payments", "platform", "data", "retail")),
	}
	s.finish(a, i, draws)
	return a
}

// finish sets what differs by kind of asset.
func (s *Sim) finish(a *asset, i int, draws *rand.Rand) {
	switch a.path {
	case pathInstances:
		a.nativeID = "i-0" + hexText(draws, 16)
	case pathVolumes:
		a.nativeID = "vol-0" + hexText(draws, 16)
	case pathResources:
		a.kind = pick(draws, "aws_rds_instance", "aws_rds_cluster")
		a.nativeID = a.name
	case pathTables:
		a.nativeID = fmt.Sprintf("arn:aws:dynamodb:%s:%s:table/%s", a.environment.region, a.environment.account, a.name)
	case pathBuckets:
		a.nativeID = a.name
	case pathS3Assets, pathGCSAssets:
		groups, buckets := s.assets[pathGroups], s.assets[pathBuckets]
		if a.path == pathGCSAssets {
			groups, buckets = s.assets[pathGCPGroups], nil
		}
		a.group = groups[i%len(groups)]
		a.policy, a.unit = a.group.policy, a.group.unit
		if a.path == pathGCSAssets {
			a.gcs = &gcsBucket{id: "gcs-" + a.id, name: a.name, project: gcpProjectID, made: a.made, tags: a.tags}
		}
		if len(buckets) > 0 {
			a.bucket = buckets[i%len(buckets)]
			a.name, a.environment = a.bucket.name, a.bucket.environment
		}
	}
}

func (s *Sim) addAsset(a *asset) {
	s.register(a)
	s.assets[a.path] = append(s.assets[a.path], a)
	s.assetByID[a.id] = a
}

func (s *Sim) environmentByID(c *call, id string) *environment {
	for _, e := range s.environments {
		if e.id == id && c.sees(e.unit) {
			return e
		}
	}
	return nil
}

func (a *asset) protection() any {
	switch {
	case a.unsupported:
		return "unsupported"
	case a.deleted:
		return nil
	case a.policy == nil:
		return "unprotected"
	}
	return "protected"
}

// rand returns a generator that gives the same draws for the same asset every
// time, so that records are made when a page shows them and not before.
func (a *asset) rand() *rand.Rand { return seeded(a.seed, 1) }

func seeded(seed, stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, stream))
}

func newTag(draws *rand.Rand, key, value string) tag {
	return tag{id: uuid(draws), keyID: uuid(draws), key: key, value: value}
}

func uuid(draws *rand.Rand) string {
	high, low := draws.Uint64(), draws.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x",
		high>>32, high>>16&0xffff, high&0xfff, 0x8000|low>>48&0x3fff, low&0xffffffffffff)
}

func hexText(draws *rand.Rand, length int) string {
	return fmt.Sprintf("%016x", draws.Uint64())[:length]
}

func pick(draws *rand.Rand, from ...string) string { return from[draws.IntN(len(from))] }

func wireTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func unixTime(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.RFC3339) }

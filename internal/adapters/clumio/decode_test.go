package clumio

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// fullEC2 is every member that the vendor's document names, as a generated
// client would have it (seed page 004).
type fullEC2 struct {
	Links                *map[string]fullLink `json:"_links"`
	AccountNativeID      *string              `json:"account_native_id"`
	Ami                  *fullAMI             `json:"ami"`
	AttachedVolumes      []*fullVolume        `json:"attached_backup_ebs_volumes"`
	AWSAz                *string              `json:"aws_az"`
	AWSRegion            *string              `json:"aws_region"`
	BackupAmi            *fullAMI             `json:"backup_ami"`
	BackupTier           *string              `json:"backup_tier"`
	BrowsingFailedReason *string              `json:"browsing_failed_reason"`
	ExpirationTimestamp  *string              `json:"expiration_timestamp"`
	IamInstanceProfile   *fullProfile         `json:"iam_instance_profile"`
	ID                   *string              `json:"id"`
	InstanceID           *string              `json:"instance_id"`
	InstanceNativeID     *string              `json:"instance_native_id"`
	InstanceStoreMapping []*fullStore         `json:"instance_store_block_device_mappings"`
	InstanceType         *string              `json:"instance_type"`
	IsBrowsable          *bool                `json:"is_browsable"`
	KeyPairName          *string              `json:"key_pair_name"`
	KeyPairNativeID      *string              `json:"key_pair_native_id"`
	MigrationTimestamp   *string              `json:"migration_timestamp"`
	NetworkInterfaces    []*fullInterface     `json:"network_interfaces"`
	PublicIPAddress      *string              `json:"public_ip_address"`
	Size                 *int64               `json:"size"`
	StartTimestamp       *string              `json:"start_timestamp"`
	SubnetNativeID       *string              `json:"subnet_native_id"`
	Tags                 []*fullTag           `json:"tags"`
	Type                 *string              `json:"type"`
	UtilizedSizeInBytes  *int64               `json:"utilized_size_in_bytes"`
	VpcNativeID          *string              `json:"vpc_native_id"`
}

type (
	fullLink struct {
		Href      *string `json:"href"`
		Type      *string `json:"type"`
		Templated *bool   `json:"templated"`
	}
	fullTag struct {
		Key   *string `json:"key"`
		Value *string `json:"value"`
	}
	fullProfile struct {
		Arn      *string `json:"arn"`
		Name     *string `json:"name"`
		NativeID *string `json:"native_id"`
	}
	fullStore struct {
		DeviceName  *string `json:"device_name"`
		VirtualName *string `json:"virtual_name"`
	}
	fullInterface struct {
		DeviceIndex              *int64    `json:"device_index"`
		NetworkInterfaceNativeID *string   `json:"network_interface_native_id"`
		PublicIP                 *string   `json:"public_ip"`
		SecurityGroupNativeIDs   []*string `json:"security_group_native_ids"`
		SubnetNativeID           *string   `json:"subnet_native_id"`
		VirtualName              *string   `json:"virtual_name"`
	}
	fullVolume struct {
		ID                  *string    `json:"id"`
		IsRoot              *bool      `json:"is_root"`
		KmsKeyNativeID      *string    `json:"kms_key_native_id"`
		Name                *string    `json:"name"`
		Size                *int64     `json:"size"`
		Status              *string    `json:"status"`
		Tags                []*fullTag `json:"tags"`
		Type                *string    `json:"type"`
		UtilizedSizeInBytes *int64     `json:"utilized_size_in_bytes"`
		VolumeNativeID      *string    `json:"volume_native_id"`
	}
	fullAMI struct {
		AmiNativeID              *string `json:"ami_native_id"`
		Architecture             *string `json:"architecture"`
		HasEnaSupport            *bool   `json:"has_ena_support"`
		HypervisorType           *string `json:"hypervisor_type"`
		ImageType                *string `json:"image_type"`
		IsPublic                 *bool   `json:"is_public"`
		Name                     *string `json:"name"`
		NumberOfEbsVolumes       *int64  `json:"number_of_ebs_volumes"`
		NumberOfEphemeralVolumes *int64  `json:"number_of_ephemeral_volumes"`
		OwnerID                  *string `json:"owner_id"`
		Platform                 *string `json:"platform"`
		RootDeviceName           *string `json:"root_device_name"`
		RootDeviceType           *string `json:"root_device_type"`
		SriovNetSupport          *string `json:"sriov_net_support"`
		VirtualizationType       *string `json:"virtualization_type"`
	}
)

// ec2Page is a page of 500 backups, about 1.8 MB.
func ec2Page(t testing.TB) []byte {
	t.Helper()
	var items []string
	for i := range 500 {
		var volumes []string
		for v := range 5 {
			volumes = append(volumes, fmt.Sprintf(`{"id":"f1f1f1f1-5c1d-11f0-8f0e-%06d%06d","is_root":%t,"kms_key_native_id":null,"name":"/dev/xvd%c","size":34359738368,"status":"attached","tags":[{"key":"role","value":"web"},{"key":"cost-center","value":"4711"}],"type":"gp3","utilized_size_in_bytes":9663676416,"volume_native_id":"vol-%08d%08d"}`, i, v, v == 0, 'a'+v, i, v))
		}
		items = append(items, fmt.Sprintf(`{"_links":{"_self":{"href":"/backups/aws/ec2-instances/%[1]d","type":"get","templated":false},"read-aws-ec2-instance":{"href":"/datasources/aws/ec2-instances/%[1]d","type":"get","templated":false},"restore-aws-ec2-instance":{"href":"/restores/aws/ec2-instances","type":"post","templated":false}},"account_native_id":"111122223333","ami":{"ami_native_id":"ami-0a1b2c3d4e5f60718","architecture":"x86_64","has_ena_support":true,"hypervisor_type":"xen","image_type":"machine","is_public":false,"name":"web-base","number_of_ebs_volumes":1,"number_of_ephemeral_volumes":0,"owner_id":"111122223333","platform":"linux","root_device_name":"/dev/xvda","root_device_type":"ebs","sriov_net_support":"simple","virtualization_type":"hvm"},"attached_backup_ebs_volumes":[%[2]s],"aws_az":"us-west-2a","aws_region":"us-west-2","backup_ami":null,"backup_tier":"standard","browsing_failed_reason":null,"expiration_timestamp":"2026-02-03T02:00:11Z","iam_instance_profile":{"arn":"arn:aws:iam::111122223333:instance-profile/web","name":"web","native_id":"AIPAEXAMPLE"},"id":"0b6f2f1e-e9a1-11f0-b0c1-%012[1]d","instance_id":"a3d9f4f0-5c1d-11f0-8f0e-%012[1]d","instance_native_id":"i-0fedcba9876543210","instance_store_block_device_mappings":[{"device_name":"/dev/sdb","virtual_name":"ephemeral0"}],"instance_type":"m5.large","is_browsable":true,"key_pair_name":"ops","key_pair_native_id":"key-0123","migration_timestamp":null,"network_interfaces":[{"device_index":0,"network_interface_native_id":"eni-0aa11bb22cc33dd44","public_ip":null,"security_group_native_ids":["sg-0a1b2c3d","sg-0a1b2c3e"],"subnet_native_id":"subnet-0a1b2c3d","virtual_name":"eth0"},{"device_index":1,"network_interface_native_id":"eni-0aa11bb22cc33dd45","public_ip":null,"security_group_native_ids":["sg-0a1b2c3d"],"subnet_native_id":"subnet-0a1b2c3d","virtual_name":"eth1"}],"public_ip_address":null,"size":32,"start_timestamp":"2026-01-03T02:00:11Z","subnet_native_id":"subnet-0a1b2c3d","tags":[{"key":"Name","value":"web-%[1]d"}],"type":"clumio_backup","utilized_size_in_bytes":9663676416,"vpc_native_id":"vpc-0a1b2c3d"}`, i, strings.Join(volumes, ",")))
	}
	return []byte(`{"_embedded":{"items":[` + strings.Join(items, ",") + `]},"_links":{"_next":{"href":"/backups/aws/ec2-instances?start=2"}},"current_count":500,"limit":500,"start":"1","total_count":5000,"total_pages_count":10}`)
}

func decodeNeeded(b *testing.B, raw []byte) {
	b.ReportAllocs()
	for b.Loop() {
		var p page[wireEC2Backup]
		if err := json.Unmarshal(raw, &p); err != nil || len(p.Embedded.Items) != 500 {
			b.Fatal(err, len(p.Embedded.Items))
		}
	}
}

func decodeFull(b *testing.B, raw []byte) {
	b.ReportAllocs()
	for b.Loop() {
		var p page[*fullEC2]
		if err := json.Unmarshal(raw, &p); err != nil || len(p.Embedded.Items) != 500 {
			b.Fatal(err, len(p.Embedded.Items))
		}
	}
}

// BenchmarkDecodeEC2Page compares what the adapter decodes with everything.
func BenchmarkDecodeEC2Page(b *testing.B) {
	raw := ec2Page(b)
	b.SetBytes(int64(len(raw)))
	b.Run("needed", func(b *testing.B) { decodeNeeded(b, raw) })
	b.Run("full", func(b *testing.B) { decodeFull(b, raw) })
}

// Decoding only what is needed is the design; this keeps it so.
func TestDecodingAPageAllocatesAQuarterOfTheWhole(t *testing.T) {
	raw := ec2Page(t)
	if len(raw) < 1_700_000 {
		t.Fatalf("the page has %d bytes", len(raw))
	}
	needed := testing.Benchmark(func(b *testing.B) { decodeNeeded(b, raw) }).AllocedBytesPerOp()
	full := testing.Benchmark(func(b *testing.B) { decodeFull(b, raw) }).AllocedBytesPerOp()
	if needed*4 > full {
		t.Errorf("%d bytes allocated, %d for full structs: more than a quarter", needed, full)
	}
	var p page[wireEC2Backup]
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	env := adapters.Env{Connection: "c", Now: time.Now, Logger: slog.New(slog.DiscardHandler)}
	if got := p.Embedded.Items[7].backup(env); got.Kind != model.AssetEC2Instance || got.Asset.Name != "web-7" {
		t.Errorf("%+v", got)
	}
}

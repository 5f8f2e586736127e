package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
)

// reply is an answer of any operation that has one small body: JSON that was
// encoded once, a page, or nothing.
type reply struct {
	status      int
	contentType string
	header      http.Header
	body        []byte
	etag        string // "" when the body is not to be asked for again
	ifNoneMatch string
}

// cacheable lets clients keep a body but ask each time whether it still holds.
const cacheable = "private, max-age=0, must-revalidate"

// etagOf is the strong entity tag of a body.
func etagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// show answers a GET with a JSON value and an entity tag.
func show(ctx context.Context, v any) (reply, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return reply{}, err
	}
	r := reply{status: http.StatusOK, contentType: "application/json", header: http.Header{}, body: body, etag: etagOf(body)}
	r.ifNoneMatch = callOf(ctx).header.Get("If-None-Match")
	r.header.Set("Cache-Control", cacheable)
	r.header.Set("Vary", "Authorization")
	return r, nil
}

// done answers a write with a JSON value, or with nothing when v is nil.
func done(status int, v any, location string) (reply, error) {
	r := reply{status: status, header: http.Header{}}
	r.header.Set("Cache-Control", "no-store")
	if location != "" {
		r.header.Set("Location", location)
	}
	if v == nil {
		return r, nil
	}
	var err error
	r.contentType = "application/json"
	r.body, err = json.Marshal(v)
	return r, err
}

func (r reply) write(w http.ResponseWriter) error {
	header := w.Header()
	maps.Copy(header, r.header)
	if r.etag != "" {
		header.Set("ETag", r.etag)
		if r.ifNoneMatch != "" && etagMatches(r.ifNoneMatch, r.etag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	if r.contentType != "" {
		header.Set("Content-Type", r.contentType)
	}
	if r.status != http.StatusNoContent {
		header.Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	w.WriteHeader(r.status)
	if len(r.body) == 0 {
		return nil
	}
	_, err := w.Write(r.body)
	return err
}

// The generated interfaces ask for one method for each operation.

// VisitListConnectionsResponse implements ListConnectionsResponseObject.
func (r reply) VisitListConnectionsResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetConnectionResponse implements GetConnectionResponseObject.
func (r reply) VisitGetConnectionResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitCheckConnectionResponse implements CheckConnectionResponseObject.
func (r reply) VisitCheckConnectionResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitListBackupsResponse implements ListBackupsResponseObject.
func (r reply) VisitListBackupsResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitStartBackupResponse implements StartBackupResponseObject.
func (r reply) VisitStartBackupResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetBackupResponse implements GetBackupResponseObject.
func (r reply) VisitGetBackupResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitListBackupFilesResponse implements ListBackupFilesResponseObject.
func (r reply) VisitListBackupFilesResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitListRestoresResponse implements ListRestoresResponseObject.
func (r reply) VisitListRestoresResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitStartRestoreResponse implements StartRestoreResponseObject.
func (r reply) VisitStartRestoreResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetRestoreResponse implements GetRestoreResponseObject.
func (r reply) VisitGetRestoreResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitUpdateRestoreResponse implements UpdateRestoreResponseObject.
func (r reply) VisitUpdateRestoreResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitRemoveRestoreResponse implements RemoveRestoreResponseObject.
func (r reply) VisitRemoveRestoreResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitCancelRestoreResponse implements CancelRestoreResponseObject.
func (r reply) VisitCancelRestoreResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetRestoreAccessResponse implements GetRestoreAccessResponseObject.
func (r reply) VisitGetRestoreAccessResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitAddRestoreAccessRoleResponse implements AddRestoreAccessRoleResponseObject.
func (r reply) VisitAddRestoreAccessRoleResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitUpdateRestoreAccessRoleResponse implements UpdateRestoreAccessRoleResponseObject.
func (r reply) VisitUpdateRestoreAccessRoleResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitRemoveRestoreAccessRoleResponse implements RemoveRestoreAccessRoleResponseObject.
func (r reply) VisitRemoveRestoreAccessRoleResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitListOperationsResponse implements ListOperationsResponseObject.
func (r reply) VisitListOperationsResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetOperationResponse implements GetOperationResponseObject.
func (r reply) VisitGetOperationResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitCancelOperationResponse implements CancelOperationResponseObject.
func (r reply) VisitCancelOperationResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitListPoliciesResponse implements ListPoliciesResponseObject.
func (r reply) VisitListPoliciesResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetPolicyResponse implements GetPolicyResponseObject.
func (r reply) VisitGetPolicyResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetMeResponse implements GetMeResponseObject.
func (r reply) VisitGetMeResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetLivezResponse implements GetLivezResponseObject.
func (r reply) VisitGetLivezResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetReadyzResponse implements GetReadyzResponseObject.
func (r reply) VisitGetReadyzResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetOpenapiResponse implements GetOpenapiResponseObject.
func (r reply) VisitGetOpenapiResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetDocsResponse implements GetDocsResponseObject.
func (r reply) VisitGetDocsResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetDocsAssetResponse implements GetDocsAssetResponseObject.
func (r reply) VisitGetDocsAssetResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitListAssetsResponse implements ListAssetsResponseObject.
func (r reply) VisitListAssetsResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetAssetResponse implements GetAssetResponseObject.
func (r reply) VisitGetAssetResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitListRestorePointsResponse implements ListRestorePointsResponseObject.
func (r reply) VisitListRestorePointsResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitListSourcesResponse implements ListSourcesResponseObject.
func (r reply) VisitListSourcesResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitGetSourceResponse implements GetSourceResponseObject.
func (r reply) VisitGetSourceResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitSearchFilesResponse implements SearchFilesResponseObject.
func (r reply) VisitSearchFilesResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitPlanRestoreResponse implements PlanRestoreResponseObject.
func (r reply) VisitPlanRestoreResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitCreatePolicyResponse implements CreatePolicyResponseObject.
func (r reply) VisitCreatePolicyResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitUpdatePolicyResponse implements UpdatePolicyResponseObject.
func (r reply) VisitUpdatePolicyResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitDeletePolicyResponse implements DeletePolicyResponseObject.
func (r reply) VisitDeletePolicyResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitListPolicyAssignmentsResponse implements ListPolicyAssignmentsResponseObject.
func (r reply) VisitListPolicyAssignmentsResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitAssignPolicyResponse implements AssignPolicyResponseObject.
func (r reply) VisitAssignPolicyResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitUnassignPolicyResponse implements UnassignPolicyResponseObject.
func (r reply) VisitUnassignPolicyResponse(w http.ResponseWriter) error { return r.write(w) }

// VisitListNativeRoutesResponse implements ListNativeRoutesResponseObject.
func (r reply) VisitListNativeRoutesResponse(w http.ResponseWriter) error { return r.write(w) }

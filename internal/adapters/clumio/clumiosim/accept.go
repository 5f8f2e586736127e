package clumiosim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const mediaPrefix = "application/api.clumio."

func mediaType(resource string, version int) string {
	return fmt.Sprintf("%s%s=v%d+json", mediaPrefix, resource, version)
}

// negotiate chooses the version of a resource from Accept: its own name, the
// wildcard, or a list of both joined by &; without any the newest (NOTES
// section 2). The types are compared as text because "=" is no token character.
func negotiate(accept []string, resource string, versions []int) (int, error) {
	newest := versions[len(versions)-1]
	asked := ""
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		part = strings.TrimSpace(part)
		media, _, _ := strings.Cut(part, ";")
		if strings.HasPrefix(media, mediaPrefix) {
			asked = media
			break
		}
		if part != "" && media != "*/*" && media != "application/*" && media != "application/json" {
			return 0, badRequest("the media type %q is unknown", part)
		}
	}
	if asked == "" {
		return newest, nil
	}
	list, isJSON := strings.CutSuffix(strings.TrimPrefix(asked, mediaPrefix), "+json")
	if !isJSON {
		return 0, badRequest("the media type %q is unknown", asked)
	}
	chosen, wildcard := 0, 0
	for entry := range strings.SplitSeq(list, "&") {
		name, text, _ := strings.Cut(entry, "=")
		digits, isVersion := strings.CutPrefix(text, "v")
		version, err := strconv.Atoi(digits)
		if !isVersion || err != nil || version < 1 {
			return 0, badRequest("the media type %q is unknown", asked)
		}
		switch name {
		case resource:
			chosen = version
		case "*":
			wildcard = version
		}
	}
	if chosen == 0 {
		chosen = wildcard
	}
	if !slices.Contains(versions, chosen) {
		return 0, badRequest("the media type %q offers no version of %s", asked, resource)
	}
	return chosen, nil
}

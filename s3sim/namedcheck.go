package s3sim

import (
	"slices"
	"strings"

	"sealstack/api/s3api"
)

// oneOf reports whether an enum has a value of the model.
func oneOf[T ~string](v T, shape string) bool {
	return slices.Contains(s3api.Service.Shapes[shape].Enum, string(v))
}

// isBucketARN reports whether a destination is a bucket.
func isBucketARN(text string) bool {
	parts := strings.SplitN(text, ":", 6)
	return len(parts) == 6 && parts[0] == "arn" && parts[2] == "s3" && parts[3]+parts[4] == "" && validBucketName(parts[5])
}

// atMostOne reports whether a filter says one thing: more takes an And.
func atMostOne(said ...bool) bool {
	n := 0
	for _, is := range said {
		if is {
			n++
		}
	}
	return n <= 1
}

// checkInventory refuses what the schema of an inventory does not have.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_InventoryConfiguration.html
func checkInventory(v *s3api.InventoryConfiguration) error {
	d := v.Destination.S3BucketDestination
	switch {
	case !oneOf(v.Schedule.Frequency, "InventoryFrequency"), !oneOf(v.IncludedObjectVersions, "InventoryIncludedObjectVersions"), !oneOf(d.Format, "InventoryFormat"):
		return malformedXML()
	case slices.ContainsFunc(v.OptionalFields, func(f s3api.InventoryOptionalField) bool { return !oneOf(f, "InventoryOptionalField") }):
		return malformedXML()
	case d.Encryption != nil && (d.Encryption.SSES3 == nil) == (d.Encryption.SSEKMS == nil):
		return malformedXML()
	case !isBucketARN(d.Bucket):
		return badDestination(d.Bucket)
	}
	return nil
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_AnalyticsConfiguration.html
func checkAnalytics(v *s3api.AnalyticsConfiguration) error {
	if f := v.Filter; f != nil && !atMostOne(f.Prefix != nil, f.Tag != nil, f.And != nil) {
		return malformedXML()
	}
	e := v.StorageClassAnalysis.DataExport
	if e == nil {
		return nil
	}
	d := e.Destination.S3BucketDestination
	if !oneOf(e.OutputSchemaVersion, "StorageClassAnalysisSchemaVersion") || !oneOf(d.Format, "AnalyticsS3ExportFileFormat") {
		return malformedXML()
	}
	if !isBucketARN(d.Bucket) {
		return badDestination(d.Bucket)
	}
	return nil
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_MetricsFilter.html
func checkMetrics(v *s3api.MetricsConfiguration) error {
	if f := v.Filter; f != nil && !atMostOne(f.Prefix != nil, f.Tag != nil, f.AccessPointArn != nil, f.And != nil) {
		return malformedXML()
	}
	return nil
}

// leastDays is after how many days without access an object may be archived;
// maxTieringDays is the most.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Tiering.html
var leastDays = map[s3api.IntelligentTieringAccessTier]int32{
	s3api.IntelligentTieringAccessTierArchiveAccess: 90, s3api.IntelligentTieringAccessTierDeepArchiveAccess: 180,
}

const maxTieringDays = 730

func checkTiering(v *s3api.IntelligentTieringConfiguration) error {
	if f := v.Filter; f != nil && !atMostOne(f.Prefix != nil, f.Tag != nil, f.And != nil) {
		return malformedXML()
	}
	if !oneOf(v.Status, "IntelligentTieringStatus") || len(v.Tierings) == 0 {
		return malformedXML()
	}
	seen := map[s3api.IntelligentTieringAccessTier]bool{}
	for _, t := range v.Tierings {
		least, ok := leastDays[t.AccessTier]
		if !ok || seen[t.AccessTier] {
			return malformedXML()
		}
		seen[t.AccessTier] = true
		if t.Days < least || t.Days > maxTieringDays {
			return badTieringDays(string(t.AccessTier))
		}
	}
	return nil
}

//go:build walk

package integration

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// stateful is a configuration that takes a second and a half to apply, and
// needs no provider from outside Terraform.
const stateful = `
terraform {
  backend "s3" {
    bucket         = "states"
    key            = "a/state.tfstate"
    region         = "us-west-2"
    use_lockfile   = true
    use_path_style = true
    encrypt        = true
    kms_key_id     = "KEY"
    endpoints      = { s3 = "URL", sts = "URL", iam = "URL" }
  }
}
variable "v" { type = string }
resource "terraform_data" "x" {
  input            = var.v
  triggers_replace = var.v
  provisioner "local-exec" { command = "while [ -e \"$HOLD\" ]; do sleep 0.1; done" }
}
output "v" { value = terraform_data.x.output }
`

func TestWalkS3WithTerraformsBackend(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	key := y.key()
	y.bucket("states")
	y.write("main/main.tf", strings.NewReplacer("KEY", key, "URL", y.url).Replace(stateful))
	hold := y.write("hold", "")
	c := y.client(rootKeys, tool(t, "SEALSTACK_TERRAFORM"), "-chdir=main").with("TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1", "HOLD="+hold)
	c.run("init", "-no-color")
	apply := func(v string) []string { return []string{"apply", "-no-color", "-auto-approve", "-var", "v=" + v} }
	first, stdout, stderr := c.prepare(apply("one"))
	y.ok(first.Start())
	y.waitForObject("states", "a/state.tfstate.tflock")
	c.refused(apply("two"), "Error acquiring the state lock", "PreconditionFailed")
	y.ok(os.Remove(hold))
	if err := first.Wait(); err != nil {
		t.Fatal(err, stdout, stderr)
	}
	y.same("the output", c.run("output", "-raw", "v"), "one")
	y.underKey("states", "a/state.tfstate", key)
	y.sealed("terraform_version")
	if list, err := y.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: new("states")}); err != nil || len(list.Contents) != 1 {
		t.Fatal(list, err)
	}
	c.run(apply("two")...)
	y.same("the output", c.run("output", "-raw", "v"), "two")
	y.disable(key)
	c.refused([]string{"plan", "-no-color", "-var", "v=two", "-lock=false"}, "KMS.DisabledException")
	y.enable(key)
	c.run("destroy", "-no-color", "-auto-approve", "-var", "v=two")
}

// waitForObject returns once an object is there.
func (y *yard) waitForObject(bucket, key string) {
	y.Helper()
	waiter := s3.NewObjectExistsWaiter(y.s3, func(o *s3.ObjectExistsWaiterOptions) { o.MinDelay, o.MaxDelay = 1e8, 1e9 })
	y.ok(waiter.Wait(y.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key}, 60e9))
}

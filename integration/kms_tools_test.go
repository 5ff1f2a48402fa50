//go:build walk

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
)

const secrets = "password: open sesame\nports:\n    - 80\n    - 443\n"

// text is what a file of the client's holds.
func (y *yard) text(name string) string {
	y.Helper()
	b, err := os.ReadFile(filepath.Join(y.home, name))
	y.ok(err)
	return string(b)
}

// holds fails the walk unless a text holds each of the parts.
func (y *yard) holds(text string, parts ...string) {
	y.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			y.Fatalf("%s lacks %q", text, part)
		}
	}
}

// stranger is an IAM user without any right.
func (y *yard) stranger() aws.Credentials { return y.user("stranger", `"sts:GetCallerIdentity"`) }

func TestWalkKMSWithSOPS(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	key, second := y.key(), y.key()
	y.write("plain.yaml", secrets)
	c := y.client(rootKeys, tool(t, "SEALSTACK_SOPS"))
	stranger := y.client(y.stranger(), tool(t, "SEALSTACK_SOPS"))
	y.write("sealed.yaml", c.run("encrypt", "--kms", key, "--encryption-context", "Stage:walk,Role:web", "plain.yaml"))
	sealed := y.text("sealed.yaml")
	y.holds(sealed, "arn: "+key, "Stage: walk", "ENC[AES256_GCM")
	if strings.Contains(sealed, "sesame") {
		t.Fatal(sealed)
	}
	y.same("what is decrypted", c.run("decrypt", "sealed.yaml"), secrets)
	y.same("a part", c.run("decrypt", "--extract", `["ports"][1]`, "sealed.yaml"), "443\n")
	stranger.refused([]string{"decrypt", "sealed.yaml"}, "AccessDeniedException", "kms:Decrypt")
	stranger.refused([]string{"encrypt", "--kms", key, "plain.yaml"}, "AccessDeniedException", "kms:Encrypt")
	y.write("forged.yaml", strings.Replace(sealed, "Stage: walk", "Stage: talk", 1))
	c.refused([]string{"decrypt", "forged.yaml"}, "InvalidCiphertextException")
	sopsEdits(y, c)
	sopsRotates(y, c, key, second)
	c.refused([]string{"encrypt", "--kms", key[:len(key)-4] + "0000", "plain.yaml"}, "NotFoundException", "does not exist")
}

// sopsEdits changes what is sealed, by command and with an editor.
func sopsEdits(y *yard, c *client) {
	y.Helper()
	c.run("set", "sealed.yaml", `["password"]`, `"changed"`)
	editor := y.write("editor", "#!/bin/sh\nsed -i s/443/8443/ \"$1\"\n")
	y.ok(os.Chmod(editor, 0o755))
	c.with("EDITOR="+editor).run("edit", "sealed.yaml")
	y.same("what was edited", c.run("decrypt", "sealed.yaml"), "password: changed\nports:\n    - 80\n    - 8443\n")
}

// sopsRotates makes new data keys, adds a key and takes one away.
func sopsRotates(y *yard, c *client, key, second string) {
	y.Helper()
	before := y.text("sealed.yaml")
	c.run("rotate", "-i", "--add-kms", second, "sealed.yaml")
	after := y.text("sealed.yaml")
	y.holds(after, "arn: "+key, "arn: "+second)
	if wrapped(before) == wrapped(after) {
		y.Fatal("the data key was not rotated")
	}
	y.disable(key)
	y.holds(c.run("decrypt", "sealed.yaml"), "password: changed")
	y.disable(second)
	c.refused([]string{"decrypt", "sealed.yaml"}, "DisabledException", second, "but none were")
	c.refused([]string{"rotate", "-i", "sealed.yaml"}, "DisabledException")
	y.enable(second)
	y.enable(key)
	c.run("rotate", "-i", "--rm-kms", key, "--encryption-context", "Stage:walk,Role:web", "sealed.yaml")
	if strings.Contains(y.text("sealed.yaml"), key) {
		y.Fatal("the key is still there")
	}
	y.disable(key)
	y.holds(c.run("decrypt", "sealed.yaml"), "password: changed")
	y.enable(key)
}

// wrapped is the first data key of a file of SOPS.
func wrapped(file string) string {
	_, rest, _ := strings.Cut(file, "enc: ")
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

// TestWalkKMSWithSOPSInAnotherRegion shows that the replica of a multi-Region
// key opens what its primary sealed.
func TestWalkKMSWithSOPSInAnotherRegion(t *testing.T) {
	t.Parallel()
	y := openYard(t, "--timing", "instant")
	out, err := y.kms.CreateKey(t.Context(), &kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	y.ok(err)
	primary := *out.KeyMetadata.Arn
	replica, err := y.kms.ReplicateKey(t.Context(), &kms.ReplicateKeyInput{KeyId: &primary, ReplicaRegion: aws.String("eu-west-1")})
	y.ok(err)
	y.awaitEnabled(*replica.ReplicaKeyMetadata.Arn, "eu-west-1")
	y.write("plain.yaml", secrets)
	c := y.client(rootKeys, tool(t, "SEALSTACK_SOPS"))
	sealed := c.run("encrypt", "--kms", primary, "plain.yaml")
	y.write("there.yaml", strings.Replace(sealed, primary, *replica.ReplicaKeyMetadata.Arn, 1))
	y.disable(primary)
	y.same("what the replica opens", c.run("decrypt", "there.yaml"), secrets)
	y.write("here.yaml", sealed)
	c.refused([]string{"decrypt", "here.yaml"}, "DisabledException")
}

// awaitEnabled returns once a key of a Region is made.
func (y *yard) awaitEnabled(key, in string) {
	y.Helper()
	for y.Context().Err() == nil {
		out, err := y.kms.DescribeKey(y.Context(), &kms.DescribeKeyInput{KeyId: &key}, func(o *kms.Options) { o.Region = in })
		y.ok(err)
		if out.KeyMetadata.KeyState == kmstypes.KeyStateEnabled {
			return
		}
	}
}

func TestWalkKMSWithTink(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	key, other := y.key(), y.key()
	c := y.client(rootKeys, tool(t, "SEALSTACK_TINK"))
	stranger := y.client(y.stranger(), tool(t, "SEALSTACK_TINK"))
	sealed := c.fed(secrets).run("seal", key, "for the walk")
	if strings.Contains(sealed, "sesame") {
		t.Fatal(sealed)
	}
	y.same("what is opened", c.fed(sealed).run("open", key, "for the walk"), secrets)
	c.fed(sealed).refused([]string{"open", key, "for another"})
	c.fed(sealed).refused([]string{"open", other, "for the walk"}, "IncorrectKeyException")
	stranger.fed(sealed).refused([]string{"open", key, "for the walk"}, "AccessDeniedException", "kms:Decrypt")
	y.same("what a wrapped keyset opens", c.run("wrap", key, "a keyset"), "one text")
	stranger.refused([]string{"wrap", key, "a keyset"}, "AccessDeniedException", "kms:Encrypt")
	y.disable(key)
	c.fed(sealed).refused([]string{"open", key, "for the walk"}, "DisabledException")
	y.enable(key)
	y.same("what is opened", c.fed(sealed).run("open", key, "for the walk"), secrets)
}

func TestWalkKMSWithSigstore(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	c := y.client(rootKeys, tool(t, "SEALSTACK_SIGSTORE"))
	stranger := y.client(y.stranger(), tool(t, "SEALSTACK_SIGSTORE"))
	for _, spec := range []kmstypes.KeySpec{kmstypes.KeySpecEccNistP256, kmstypes.KeySpecRsa2048, kmstypes.KeySpecRsa4096} {
		out, err := y.kms.CreateKey(t.Context(), &kms.CreateKeyInput{KeySpec: spec, KeyUsage: kmstypes.KeyUsageTypeSignVerify})
		y.ok(err)
		key := "awskms:///" + *out.KeyMetadata.Arn
		y.write("signature", c.fed("a message").run("sign", key))
		c.fed("a message").run("verify", key, "signature")
		c.fed("another message").refused([]string{"verify", key, "signature"}, "KMSInvalidSignatureException")
		stranger.fed("a message").refused([]string{"sign", key}, "AccessDeniedException")
		y.disable(*out.KeyMetadata.Arn)
		c.fed("a message").refused([]string{"sign", key}, "DisabledException")
	}
	c.run("create", "awskms:///alias/cosign", string(kmstypes.KeySpecEccNistP256))
	y.write("signature", c.fed("a message").run("sign", "awskms:///alias/cosign"))
	c.fed("a message").run("verify", "awskms:///alias/cosign", "signature")
	c.refused([]string{"sign", "awskms:///alias/nobody"}, "NotFoundException", "alias/nobody is not found")
}

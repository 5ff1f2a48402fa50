// Encrypts with the AWS Encryption SDK for JavaScript and holds what comes back, and what is refused, against what AWS would give.
// The walk gives ENDPOINT, KEY (of KMS), in READER_ID and READER_SECRET the keys of a user without rights in KMS, and its own in AWS's variables.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import {
  buildClient, CommitmentPolicy, KmsKeyringNode, RawAesKeyringNode, RawAesWrappingSuiteIdentifier, MultiKeyringNode, NodeCachingMaterialsManager,
  getLocalCryptographicMaterialsCache, getClient, KMS, AwsKmsMrkAwareSymmetricKeyringNode, AwsKmsMrkAwareSymmetricDiscoveryKeyringNode,
} from '@aws-crypto/client-node'
import { KMSClient, CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, ReplicateKeyCommand, CreateAliasCommand } from '@aws-sdk/client-kms'

const { ENDPOINT: endpoint, KEY: key, READER_ID, READER_SECRET } = process.env
const readerKeys = { accessKeyId: READER_ID, secretAccessKey: READER_SECRET }
const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
const kms = new KMSClient({ endpoint })
const clientProvider = getClient(KMS, { endpoint, maxAttempts: 1 })
const asReader = getClient(KMS, { endpoint, maxAttempts: 1, credentials: readerKeys })
const ring = (generatorKeyId, keyIds, more) => new KmsKeyringNode({ clientProvider, generatorKeyId, keyIds, ...more })
const createKey = async more => (await kms.send(new CreateKeyCommand(more ?? {}))).KeyMetadata.Arn
const encryptionContext = { stage: 'demo', purpose: 'a walk', ümlaut: 'wért' }
const second = await createKey()
const plaintext = randomBytes(100_000)

async function roundTrip() {
  const keyring = ring(key)
  const { result, messageHeader } = await encrypt(keyring, plaintext, { encryptionContext })
  assert.equal(result.includes(plaintext.subarray(0, 64)), false)
  assert.deepEqual(messageHeader.encryptedDataKeys.map(k => k.providerInfo), [key])
  const back = await decrypt(keyring, result)
  assert.deepEqual(back.plaintext, plaintext)
  for (const [name, value] of Object.entries(encryptionContext)) assert.equal(back.messageHeader.encryptionContext[name], value)
}

async function severalKeys() {
  const { result, messageHeader } = await encrypt(ring(key, [second]), plaintext, { encryptionContext })
  assert.deepEqual(messageHeader.encryptedDataKeys.map(k => k.providerInfo), [key, second])
  for (const one of [key, second]) assert.deepEqual((await decrypt(ring(undefined, [one]), result)).plaintext, plaintext)
  await kms.send(new DisableKeyCommand({ KeyId: key }))
  assert.deepEqual((await decrypt(ring(key, [second]), result)).plaintext, plaintext)
  await assert.rejects(decrypt(ring(key), result), /KMS|disabled/)
  await assert.rejects(encrypt(ring(key, [second]), plaintext), e => e.name === 'DisabledException')
  await kms.send(new EnableKeyCommand({ KeyId: key }))
  assert.deepEqual((await decrypt(ring(key), result)).plaintext, plaintext)
}

async function withARawKey() {
  const raw = new RawAesKeyringNode({
    keyName: 'here', keyNamespace: 'walk', unencryptedMasterKey: new Uint8Array(randomBytes(32)),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  })
  const { result } = await encrypt(new MultiKeyringNode({ generator: ring(key), children: [raw] }), plaintext)
  assert.deepEqual((await decrypt(raw, result)).plaintext, plaintext)
  assert.deepEqual((await decrypt(ring(key), result)).plaintext, plaintext)
}

async function byAliasAndDiscovery() {
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/esdk', TargetKeyId: second }))
  const { result, messageHeader } = await encrypt(ring(second.replace(/key\/.*/, 'alias/esdk')), plaintext)
  assert.deepEqual(messageHeader.encryptedDataKeys.map(k => k.providerInfo), [second])
  const discover = accountIDs => ring(undefined, undefined, { discovery: true, discoveryFilter: { partition: 'aws', accountIDs } })
  assert.deepEqual((await decrypt(discover(['000000000000']), result)).plaintext, plaintext)
  await assert.rejects(decrypt(discover(['111122223333']), result))
}

// Every message with the same context shares a data key: KMS is called once.
async function caching() {
  let calls = 0
  const counting = region => {
    const client = clientProvider(region)
    const generateDataKey = client.generateDataKey.bind(client)
    client.generateDataKey = input => (calls++, generateDataKey(input))
    return client
  }
  const cache = getLocalCryptographicMaterialsCache(100)
  const cmm = new NodeCachingMaterialsManager({ backingMaterials: ring(key, [], { clientProvider: counting }), cache, maxAge: 60_000, maxMessagesEncrypted: 10 })
  const sealed = []
  for (let i = 0; i < 10; i++) sealed.push((await encrypt(cmm, `message ${i}`, { encryptionContext, plaintextLength: 20 })).result)
  assert.equal(calls, 1)
  await encrypt(cmm, 'another context', { encryptionContext: { other: 'one' }, plaintextLength: 20 })
  assert.equal(calls, 2)
  await encrypt(cmm, 'one too many', { encryptionContext, plaintextLength: 20 })
  assert.equal(calls, 3)
  for (const [i, message] of sealed.entries()) assert.equal((await decrypt(cmm, message)).plaintext.toString(), `message ${i}`)
}

async function refusals() {
  const { result } = await encrypt(ring(key), plaintext, { encryptionContext })
  const forged = Buffer.from(result)
  const at = forged.indexOf('a walk')
  assert.notEqual(at, -1)
  forged.write('a talk', at)
  await assert.rejects(decrypt(ring(key), forged), /Invalid|ciphertext|unable|KMS/i)
  const changed = Buffer.from(result)
  changed[changed.length - 1000] ^= 1
  await assert.rejects(decrypt(ring(key), changed))
  await assert.rejects(decrypt(ring(second), result))
  await assert.rejects(decrypt(ring(key, [], { clientProvider: asReader }), result), /kms:Decrypt/)
  await assert.rejects(encrypt(ring(key, [], { clientProvider: asReader }), plaintext),
    e => e.name === 'AccessDeniedException' && e.message.includes('kms:GenerateDataKey'))
}

async function streams() {
  const chunks = Array.from({ length: 64 }, () => randomBytes(65_536))
  const { encryptStream, decryptStream } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
  const back = await buffer(Readable.from(chunks).pipe(encryptStream(ring(key), { encryptionContext })).pipe(decryptStream(ring(key))))
  assert.deepEqual(back, Buffer.concat(chunks))
}

async function multiRegion() {
  const primary = await createKey({ MultiRegion: true })
  const replica = (await kms.send(new ReplicateKeyCommand({ KeyId: primary, ReplicaRegion: 'eu-west-1' }))).ReplicaKeyMetadata.Arn
  assert.match(replica, /:eu-west-1:.*key\/mrk-/)
  const there = new KMSClient({ endpoint, region: 'eu-west-1' })
  for (let i = 0; i < 100; i++) {
    const state = await there.send(new EnableKeyCommand({ KeyId: replica })).catch(e => e)
    if (!(state instanceof Error)) break
    assert.equal(state.name, 'KMSInvalidStateException')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  const inRegion = (keyId, region) => new AwsKmsMrkAwareSymmetricKeyringNode({ keyId, client: clientProvider(region) })
  const { result } = await encrypt(inRegion(primary, 'us-west-2'), plaintext, { encryptionContext })
  assert.deepEqual((await decrypt(inRegion(replica, 'eu-west-1'), result)).plaintext, plaintext)
  await assert.rejects(decrypt(ring(replica), result))
  const discovery = new AwsKmsMrkAwareSymmetricDiscoveryKeyringNode({
    client: clientProvider('eu-west-1'), discoveryFilter: { partition: 'aws', accountIDs: ['000000000000'] },
  })
  assert.deepEqual((await decrypt(discovery, result)).plaintext, plaintext)
  await there.send(new DisableKeyCommand({ KeyId: replica }))
  await assert.rejects(decrypt(inRegion(replica, 'eu-west-1'), result), /disabled/)
  assert.deepEqual((await decrypt(inRegion(primary, 'us-west-2'), result)).plaintext, plaintext)
}

for (const part of [roundTrip, severalKeys, withARawKey, byAliasAndDiscovery, caching, refusals, streams, multiRegion]) await part()

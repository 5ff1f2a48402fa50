// Moves data through S3 with the SDK for JavaScript v3 and holds every answer against what AWS would give.
// The walk gives ENDPOINT, KEY (of KMS), the reader's keys in READER_ID and READER_SECRET, and its own in AWS's variables.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { KMSClient, DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms'
import {
  S3Client, CreateBucketCommand, PutObjectCommand, GetObjectCommand, HeadObjectCommand, CopyObjectCommand, DeleteObjectsCommand, ListBucketsCommand,
  PutBucketEncryptionCommand, GetObjectAttributesCommand, AbortMultipartUploadCommand, CreateMultipartUploadCommand, paginateListObjectsV2,
  ListMultipartUploadsCommand,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'

const { ENDPOINT: endpoint, KEY: key, READER_ID, READER_SECRET, AWS_REGION: region } = process.env
const sealed = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: key }
const bucket = { Bucket: 'node' }
const s3 = new S3Client({ endpoint })
const reader = new S3Client({ endpoint, credentials: { accessKeyId: READER_ID, secretAccessKey: READER_SECRET } })
const kms = new KMSClient({ endpoint })
const put = (Key, Body, more) => s3.send(new PutObjectCommand({ ...bucket, Key, Body, ...more }))
const get = (Key, more, from = s3) => from.send(new GetObjectCommand({ ...bucket, Key, ...more }))
const refused = (code, says, call) => assert.rejects(call, e => (assert.equal(e.name, code, e.stack), assert.match(e.message, says), true))
const sum = data => createHash('sha256').update(data).digest('hex')

await s3.send(new CreateBucketCommand({ ...bucket, CreateBucketConfiguration: { LocationConstraint: region } }))

async function streams() {
  const data = randomBytes(12 << 20)
  async function * pieces() { for (let i = 0; i < data.length; i += 1 << 20) yield data.subarray(i, i + (1 << 20)) }
  const upload = new Upload({ client: s3, partSize: 5 << 20, params: { ...bucket, Key: 'big', Body: Readable.from(pieces()), ...sealed } })
  const seen = []
  upload.on('httpUploadProgress', p => seen.push(p.part))
  const done = await upload.done()
  assert.match(done.ETag, /-3"$/)
  assert.equal(done.SSEKMSKeyId, key)
  assert.equal(seen.length, 3)
  const head = await s3.send(new HeadObjectCommand({ ...bucket, Key: 'big' }))
  assert.deepEqual([head.ServerSideEncryption, head.SSEKMSKeyId, head.ContentLength], ['aws:kms', key, data.length])
  const hash = createHash('sha256')
  for await (const chunk of (await get('big')).Body) hash.update(chunk)
  assert.equal(hash.digest('hex'), sum(data))
  const part = await get('big', { PartNumber: 2 })
  assert.deepEqual([part.PartsCount, part.ContentLength], [3, 5 << 20])
  assert.equal(sum(await part.Body.transformToByteArray()), sum(data.subarray(5 << 20, 10 << 20)))
  const known = Readable.from(pieces())
  await put('streamed', known, { ContentLength: data.length })
  assert.equal(sum(await (await get('streamed')).Body.transformToByteArray()), sum(data))
}

async function abandons() {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...bucket, Key: 'never' }))
  await s3.send(new AbortMultipartUploadCommand({ ...bucket, Key: 'never', UploadId }))
  const aborted = new Upload({ client: s3, params: { ...bucket, Key: 'never', Body: randomBytes(11 << 20) } })
  const running = aborted.done()
  await aborted.abort()
  await assert.rejects(running, { name: 'AbortError' })
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand(bucket))
  assert.ok(Uploads.length <= 1, JSON.stringify(Uploads)) // an upload that is begun while it is aborted stays
}

async function checksums() {
  const known = { CRC32: 'y/Q5Jg==', CRC32C: '4waSgw==', SHA1: '98O8HYCOBHMq32eZZczDTKeuNEE=', SHA256: 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=' }
  for (const [name, value] of Object.entries(known)) {
    const answer = await put('sum', '123456789', { ChecksumAlgorithm: name })
    assert.equal(answer['Checksum' + name], value)
    const got = await get('sum', { ChecksumMode: 'ENABLED' })
    assert.equal(await got.Body.transformToString(), '123456789')
    assert.deepEqual([got['Checksum' + name], got.ChecksumType], [value, 'FULL_OBJECT'])
  }
  const { Checksum, ObjectSize } = await s3.send(new GetObjectAttributesCommand({ ...bucket, Key: 'sum', ObjectAttributes: ['Checksum', 'ObjectSize'] }))
  assert.deepEqual([Checksum.ChecksumSHA256, ObjectSize], [known.SHA256, 9])
  await refused('BadDigest', /SHA256/, put('sum', '123456789', { ChecksumSHA256: 'A'.repeat(43) + '=' }))
}

async function asksKMS() {
  await put('plain', 'plain', { Metadata: { name: 'value' }, ContentType: 'text/x-plain' })
  const answer = await put('sealed é+/', 'secret', { ...sealed, BucketKeyEnabled: true, SSEKMSEncryptionContext: btoa('{"a":"b"}') })
  assert.deepEqual([answer.SSEKMSKeyId, answer.BucketKeyEnabled], [key, true])
  const got = await get('plain', {}, reader)
  assert.deepEqual([await got.Body.transformToString(), got.Metadata, got.ContentType], ['plain', { name: 'value' }, 'text/x-plain'])
  await refused('AccessDenied', /kms:Decrypt/, get('sealed é+/', {}, reader))
  await kms.send(new DisableKeyCommand({ KeyId: key }))
  await refused('KMS.DisabledException', /is disabled/, get('sealed é+/'))
  await refused('KMS.DisabledException', /is disabled/, put('more', 'secret', sealed))
  await kms.send(new EnableKeyCommand({ KeyId: key }))
  assert.equal(await (await get('sealed é+/')).Body.transformToString(), 'secret')
  const copy = await s3.send(new CopyObjectCommand({ ...bucket, Key: 'copy', CopySource: 'node/' + encodeURIComponent('sealed é+/') }))
  assert.equal(copy.ServerSideEncryption, 'AES256')
  await refused('NoSuchKey', /does not exist/, get('missing'))
  const stranger = new S3Client({ endpoint, credentials: { accessKeyId: READER_ID, secretAccessKey: 'x' } })
  await refused('SignatureDoesNotMatch', /signature/, stranger.send(new ListBucketsCommand({})))
}

async function bringsKeys() {
  await s3.send(new PutBucketEncryptionCommand({ ...bucket, ServerSideEncryptionConfiguration: { Rules: [{
    ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BlockedEncryptionTypes: { EncryptionType: ['NONE'] } }] } }))
  const mine = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: randomBytes(32) }
  await put('customer', 'mine', mine)
  const got = await get('customer', mine)
  assert.deepEqual([await got.Body.transformToString(), got.SSECustomerAlgorithm, got.ServerSideEncryption], ['mine', 'AES256', undefined])
  await refused('InvalidRequest', /The object was stored using a form of Server Side Encryption/, get('customer'))
  await refused('AccessDenied', /must provide the correct secret key/, get('customer', { ...mine, SSECustomerKey: randomBytes(32) }))
}

async function presigns() {
  const link = await getSignedUrl(s3, new GetObjectCommand({ ...bucket, Key: 'sealed é+/' }), { expiresIn: 60 })
  const answer = await fetch(link)
  assert.deepEqual([answer.status, await answer.text(), answer.headers.get('x-amz-server-side-encryption-aws-kms-key-id')], [200, 'secret', key])
  const other = await fetch(link.replace('sealed', 'unsealed'))
  assert.equal(other.status, 403)
  assert.match(await other.text(), /<Code>SignatureDoesNotMatch</)
  const poor = await fetch(await getSignedUrl(reader, new GetObjectCommand({ ...bucket, Key: 'sealed é+/' })))
  assert.equal(poor.status, 403)
  assert.match(await poor.text(), /<Code>AccessDenied<.*kms:Decrypt/s)
  const into = await getSignedUrl(s3, new PutObjectCommand({ ...bucket, Key: 'by link', ...sealed }), { unhoistableHeaders: new Set(['x-amz-server-side-encryption', 'x-amz-server-side-encryption-aws-kms-key-id']) })
  const headers = { 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': key }
  const written = await fetch(into, { method: 'PUT', body: 'by link', headers })
  assert.equal(written.status, 200, await written.text())
  assert.equal(await (await get('by link')).Body.transformToString(), 'by link')
  const without = await fetch(into, { method: 'PUT', body: 'by link' })
  assert.equal(without.status, 403, await without.text())
}

async function posts() {
  const fields = { 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': key }
  const post = await createPresignedPost(s3, { ...bucket, Key: 'in/${filename}', Fields: fields, Conditions: [['content-length-range', 1, 10]], Expires: 60 })
  const send = (text, more = {}) => {
    const form = new FormData()
    for (const [k, v] of Object.entries({ ...post.fields, ...more })) form.append(k, v)
    form.append('file', new Blob([text]), 'f.txt')
    return fetch(post.url, { method: 'POST', body: form })
  }
  const answer = await send('posted')
  assert.equal(answer.status, 204, await answer.text())
  const got = await get('in/f.txt')
  assert.deepEqual([await got.Body.transformToString(), got.SSEKMSKeyId], ['posted', key])
  assert.match(await (await send('more than ten bytes')).text(), /<Code>EntityTooLarge</)
  assert.match(await (await send('posted', { 'x-amz-server-side-encryption': 'AES256' })).text(), /<Code>AccessDenied</)
}

async function empties() {
  const names = []
  for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, bucket)) names.push(...page.Contents.map(o => o.Key))
  assert.ok(names.includes('sealed é+/') && names.includes('in/f.txt'), names.join())
  const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ ...bucket, Delete: { Objects: names.map(Key => ({ Key })) } }))
  assert.deepEqual([Deleted.length, Errors], [names.length, undefined])
}

for (const step of [streams, abandons, checksums, asksKMS, bringsKeys, presigns, posts, empties]) {
  await step()
  console.log(step.name)
}

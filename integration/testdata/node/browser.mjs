// Opens a page of each of two origins in Chromium and does there what a page does with S3.
// The walk gives the browser in CHROMIUM, a folder of its own in PROFILE, the pages' addresses in ALLOWED and FORBIDDEN, and the links
// LINK_GET, LINK_PUT, LINK_DELETE and LINK_DENIED, which the reader without rights to the key has presigned.
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'

const { CHROMIUM, PROFILE, ALLOWED, FORBIDDEN, LINK_GET, LINK_PUT, LINK_DELETE, LINK_DENIED, KEY } = process.env
const context = await chromium.launchPersistentContext(PROFILE, {
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})

// send fetches in a page; what the page may not read is an error.
const send = (page, url, options = {}) => page.evaluate(async ([url, options]) => {
  try {
    const answer = await fetch(url, options)
    return { status: answer.status, text: await answer.text(), headers: Object.fromEntries(answer.headers) }
  } catch (e) {
    return { failed: e.message }
  }
}, [url, options])
const refused = async (what, answer) => assert.deepEqual(await answer, { failed: 'Failed to fetch' }, what)

try {
  const page = await context.newPage()
  await page.goto(ALLOWED)
  const whole = await send(page, LINK_GET)
  assert.deepEqual([whole.status, whole.text], [200, 'for pages'])
  assert.equal(whole.headers['x-amz-server-side-encryption-aws-kms-key-id'], KEY)
  assert.equal(whole.headers['x-amz-meta-shown'], 'yes')
  assert.equal(whole.headers['x-amz-meta-hidden'], undefined, 'a header that is not exposed')
  const part = await send(page, LINK_GET, { headers: { Range: 'bytes=4-8' } })
  assert.deepEqual([part.status, part.text, part.headers['content-range']], [206, 'pages', 'bytes 4-8/9'])
  const odd = await send(page, LINK_GET, { headers: { Range: 'bytes=-5' } }) // not a simple range: it is preflighted
  assert.deepEqual([odd.status, odd.text], [206, 'pages'])
  const put = await send(page, LINK_PUT, { method: 'PUT', body: 'from a page', headers: { 'Content-Type': 'text/plain' } })
  assert.equal(put.status, 200, JSON.stringify(put))
  assert.match(put.headers.etag, /^"[0-9a-f]{32}"$/)
  const denied = await send(page, LINK_DENIED)
  assert.equal(denied.status, 403, JSON.stringify(denied))
  assert.match(denied.text, /<Code>AccessDenied<.*kms:Decrypt/s)
  await refused('a method that is not allowed', send(page, LINK_DELETE, { method: 'DELETE' }))
  await refused('a header that is not allowed', send(page, LINK_GET, { headers: { 'x-odd': 'yes' } }))

  await page.goto(FORBIDDEN)
  await refused('an origin that is not allowed', send(page, LINK_GET))
  await refused('a method of an origin that is not allowed', send(page, LINK_PUT, { method: 'PUT', body: 'overwritten' }))
} finally {
  await context.close()
}

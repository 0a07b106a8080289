'use strict'
// The scanner from Node.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const { randomBytes } = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { inspect } = require('node:util')
const zlib = require('node:zlib')
const { LeakwardError, Scanner } = require('..')

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

function crc32 (bytes) {
  if (zlib.crc32) return zlib.crc32(bytes)
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

/** A token of GitHub's shape, with its checksum, made here so that no file holds one. */
function token () {
  const body = Array.from(randomBytes(30), byte => DIGITS[byte % 62]).join('')
  const crc = crc32(Buffer.from(body))
  const check = [5, 4, 3, 2, 1, 0].map(i => DIGITS[Math.floor(crc / 62 ** i) % 62]).join('')
  return 'ghp_' + body + check
}

test('text and bytes are searched and the secret is not shown', async () => {
  const scanner = new Scanner()
  const secret = token()
  const text = `\nTOKEN = '${secret}'\n`
  for (const data of [text, Buffer.from(text), new Uint8Array(Buffer.from(text))]) {
    const scan = await scanner.scanBytes('a.py', data)
    assert.equal(scan.isComplete, true)
    assert.equal(scan.findings.length, 1)
    const finding = scan.findings[0]
    assert.deepEqual([finding.rule, finding.path, finding.line, finding.commit], ['github-pat', 'a.py', 2, null])
    assert.equal(finding.expose().toString(), secret)
    assert.equal(text.slice(finding.start, finding.end), secret)
    for (const shown of [inspect(scan), inspect(finding), JSON.stringify(finding), String(finding), finding.masked]) {
      assert.ok(!shown.includes(secret.slice(8, 30)), shown)
    }
  }
})

test('files, staged changes, ranges and histories are searched', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakward-'))
  const who = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b' }
  const git = (...args) => execFileSync('git', ['-C', folder, ...args], { env: { ...process.env, ...who } })
  try {
    git('init', '-q', '-b', 'main')
    git('commit', '-q', '--allow-empty', '-m', 'first')
    fs.writeFileSync(path.join(folder, 'a.py'), `TOKEN = '${token()}'\n`)
    const scanner = new Scanner()
    assert.equal((await scanner.scanFiles(folder)).findings.length, 1)
    assert.equal((await scanner.scanStaged(folder)).findings.length, 0)
    git('add', '.')
    assert.equal((await scanner.scanStaged(folder)).findings.length, 1)
    git('commit', '-q', '-m', 'second')
    const [history, range] = await Promise.all([
      scanner.scanHistory(folder), scanner.scanRange('HEAD~1..HEAD', folder)
    ])
    assert.match(history.findings[0].commit, /^[0-9a-f]{40}$/)
    assert.equal(range.findings.length, 1)
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})

test('options say what to look for', async () => {
  const rule = "[[rule]]\nid = 'acme-key'\nkeywords = ['acme_']\npattern = '\\b(acme_[0-9a-f]{20})\\b'\n"
  const text = `acme_${randomBytes(10).toString('hex')}  TOKEN = '${token()}'`
  const found = async options => (await new Scanner(options).scanBytes('', text)).findings.map(f => f.rule).sort()
  assert.deepEqual(await found({ rules: [rule] }), ['acme-key', 'github-pat'])
  assert.deepEqual(await found({ rules: [rule], onlyRules: ['acme-key'] }), ['acme-key'])
  assert.deepEqual(await found({ minSeverity: 'critical' }), ['github-pat'])
})

test('mistakes are named', async () => {
  const is = code => error => error instanceof LeakwardError && error.code === code && !error.message.includes('\n')
  assert.throws(() => new Scanner({ minSeverity: 'awful' }), is('usage'))
  assert.throws(() => new Scanner({ timeLimit: -1 }), is('usage'))
  assert.throws(() => new Scanner({ settings: '/no/such/file' }), error => error.code === 'scan')
  await assert.rejects(new Scanner().scanFiles('/no/such/file'), error => error instanceof LeakwardError && error.code === 'scan')
  await assert.rejects(new Scanner().scanFiles(), LeakwardError)
})

'use strict'
// The client from Node, with a manager that is a folder.

const assert = require('node:assert/strict')
const { execFile, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { setTimeout: pause } = require('node:timers/promises')
const { inspect, promisify } = require('node:util')
const { Client, LeakwardError } = require('..')

async function withFolder (use) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakward-'))
  const map = path.join(folder, 'map.toml')
  const put = value => {
    fs.writeFileSync(path.join(folder, 'new'), JSON.stringify(value))
    fs.renameSync(path.join(folder, 'new'), path.join(folder, 'secrets', 'app'))
  }
  fs.mkdirSync(path.join(folder, 'secrets'))
  fs.writeFileSync(map, `[providers.f]\nkind = 'file'\nroot = '${folder}/secrets'\n` +
    "[secrets.app]\nprovider = 'f'\n[secrets.none]\nprovider = 'f'\n")
  put({ user: 'ann', password: 'one' })
  const client = new Client({ mapFile: map, ttl: 60, timeout: 2 })
  try {
    await use({ client, put, folder, map })
  } finally {
    await client.close()
    fs.rmSync(folder, { recursive: true })
  }
}

async function until (holds) {
  const end = Date.now() + 20_000
  while (!holds()) {
    assert.ok(Date.now() < end)
    await pause(20)
  }
}

const is = code => error => error instanceof LeakwardError && error.code === code

test('a value is read whole and by field and is not shown', () => withFolder(async ({ client }) => {
  assert.equal(client.held('app'), null)
  const secret = await client.get('app')
  assert.deepEqual(JSON.parse(secret.exposeText()), { user: 'ann', password: 'one' })
  assert.equal(secret.field('password').expose().toString(), 'one')
  assert.equal((await client.get('app#user')).exposeText(), 'ann')
  assert.equal(client.held('app#user').exposeText(), 'ann')
  assert.deepEqual(secret.fieldNames, ['user', 'password'])
  assert.deepEqual([secret.isFresh, secret.staleFor, secret.staleBecause], [true, null, null])
  for (const shown of [inspect(secret), inspect(client), JSON.stringify(secret), String(secret)]) {
    assert.ok(!shown.includes('one'), shown)
  }
}))

test('failures have a code', () => withFolder(async ({ client, map }) => {
  await assert.rejects(client.get('none'), is('not-found'))
  await assert.rejects(client.get('else'), is('no-provider'))
  await assert.rejects(client.get('app#none'), is('field'))
  await assert.rejects(client.get('a//b'), is('path'))
  assert.throws(() => client.watch('a//b'), is('path'))
  assert.throws(() => new Client({ manager: 'moon' }), is('usage'))
  assert.throws(() => new Client({ mapFile: '/no/such/file' }), is('set-up'))
  assert.throws(() => new Client({ mapFile: map, ttl: -1 }), is('usage'))
}))

test('a watch gives the version in force and each that comes, until it is left', () => withFolder(async ({ client, put }) => {
  const seen = []
  const watch = client.watch('app#password')
  for await (const secret of watch) {
    seen.push(secret.exposeText())
    if (seen.length === 3) break
    setTimeout(() => put({ password: ['two', 'three'][seen.length - 1] }), 100)
  }
  assert.deepEqual(seen, ['one', 'two', 'three'])
  assert.deepEqual(await watch.next(), { value: undefined, done: true })
  const other = client.watch('app')
  await other.next()
  setTimeout(() => other.close(), 100)
  assert.equal((await other.next()).done, true, 'closing ends who waits')
}))

test('the end of the client is the end of its watches', () => withFolder(async ({ client }) => {
  const watch = client.watch('app')
  await watch.next()
  setTimeout(() => client.close(), 100)
  assert.equal((await watch.next()).done, true)
  await assert.rejects(client.get('app'), is('closed'))
}))

test('many reads at once are one value', () => withFolder(async ({ client }) => {
  const all = await Promise.all(Array.from({ length: 500 }, () => client.get('app#password')))
  assert.ok(all.every(secret => secret.exposeText() === 'one'))
}))

test('a program gets values and is started again when they change', () => withFolder(async ({ client, put, folder }) => {
  const out = path.join(folder, 'out')
  const text = () => fs.existsSync(out) ? fs.readFileSync(out, 'utf8') : ''
  const program = client.exec(['sh', '-c', `echo $PASSWORD >> ${out}; exec sleep 60`], { PASSWORD: 'app#password' })
  await until(() => text() === 'one\n')
  put({ password: 'two' })
  await until(() => text() === 'one\ntwo\n')
  assert.equal(program.signal('TERM'), true)
  assert.equal(await program.wait(), 128 + 15)
  assert.equal(program.signal('TERM'), false)
  assert.deepEqual(program.told(), ['a secret changed: the program is started again'])
  assert.equal(await client.exec(['sh', '-c', 'exit 7'], {}).wait(), 7)
  assert.throws(() => client.exec([], {}), is('usage'))
  assert.throws(() => client.exec(['true'], { 'A-B': 'app' }), is('usage'))
  await assert.rejects(client.exec(['/no/such/program'], {}).wait(), is('exec'))
}))

test('a program that is done with its client ends by itself', () => withFolder(async ({ map }) => {
  const script = `const { Client } = require(${JSON.stringify(path.join(__dirname, '..'))})\n` +
    'const client = new Client({ mapFile: process.argv[1] })\n' +
    "client.get('app#password').then(secret => console.log(secret.isFresh))"
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script, map], { timeout: 20_000 })
  assert.equal(stdout, 'true\n')
  const killed = spawnSync(process.execPath, ['-e', script + "; client.exec(['true'], {}).wait().then(() => process.kill(process.pid, 'SIGTERM')); setTimeout(() => {}, 60000)", map], { timeout: 20_000 })
  assert.equal(killed.signal, 'SIGTERM', 'the process keeps its own signals')
}))

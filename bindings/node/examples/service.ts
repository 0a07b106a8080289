// A service that signs with a key from the manager: GET / tells which version it signs with.
//
// It goes on signing while the manager is out of reach (within the bound), and changes to a new version by itself.
// Type-checked, then run as JavaScript: npx tsc && node examples/service.js PORT

import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import { Client, LeakwardError } from '../index.js'

const client = new Client({ ttl: 2, maxStale: 6, timeout: 1 })
const key = 'secret/service#key'

async function tellChanges (): Promise<void> {
  for await (const secret of client.watch(key)) {
    console.log(`signing with version ${secret.version}`)
  }
}

const server = createServer((request, response) => {
  client.get(key).then(secret => {
    const signature = createHmac('sha256', secret.expose()).update(request.url ?? '').digest('hex')
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ version: secret.version, fresh: secret.isFresh, signature }))
  }).catch((error: unknown) => {
    response.statusCode = 503
    response.end(JSON.stringify({ error: error instanceof LeakwardError ? error.code : 'unknown' }))
  })
})

process.once('SIGTERM', () => {
  server.close()
  client.close().then(() => { process.exit(0) }, () => { process.exit(1) })
})

server.listen(Number(process.argv[2]), '127.0.0.1')
tellChanges().catch((error: unknown) => { console.error(String(error)) })
